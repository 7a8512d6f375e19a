#include "server/tail_runner.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "common/wire/frame_proto.h"
#include "common/wire/grpc_status.h"
#include "gmock/gmock.h"
#include "tests/server/fake_clock.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

// Decoded tasks wait in the queue before the runner starts, so that batches are
// known.
class TailRunnerTest : public ::testing::Test {
 protected:
  TailRunnerTest() : store_(MakeStore(std::make_unique<MeanTail>())) {}

  static ModelStore MakeStore(std::unique_ptr<model::Tail> second) {
    std::vector<LoadedCodec> codecs;
    codecs.push_back(MakeTestCodec("codec-a", 'a'));
    const std::vector<std::string> ids = {TestCodecId('a')};
    std::vector<LoadedTail> tails;
    tails.push_back(MakeTestTail("first", ids, std::make_unique<MeanTail>()));
    tails.push_back(MakeTestTail("second", ids, std::move(second)));
    return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  }

  TestCall* Schedule(v1::InferRequest request) {
    return Schedule(std::move(request), store_);
  }

  TestCall* Schedule(v1::InferRequest request, const ModelStore& store) {
    calls_.push_back(std::make_unique<TestCall>(std::move(request)));
    InferTask::Call call = calls_.back()->Get();
    InferPlan plan = MakeInferPlan(*call.request, store, {}).value();
    auto task = std::make_unique<InferTask>(
        std::move(call), std::move(plan), Reservation(), clock_.Now(), &clock_);
    EXPECT_TRUE(task->Decode().ok());
    EXPECT_TRUE(queue_.Schedule(&task).ok());
    return calls_.back().get();
  }

  void RunAll() { RunAll(store_); }

  void RunAll(const ModelStore& store) {
    queue_.Close();
    const auto runner =
        TailRunner::Start(&store, &queue_, &result_pool_, &clock_, [] {});
    ASSERT_TRUE(runner.ok()) << runner.status();
    for (const auto& call : calls_) {
      EXPECT_TRUE(call->status().ok()) << call->status();
    }
  }

  static v1::InferRequest Request(int side, float value, int rate,
                                  std::vector<std::string> tails = {}) {
    return FrameRequest(MakeTestFrame('a', side, side, value, rate), tails);
  }

  // The logit of "bright" over that of "dark", from the probabilities.
  static double Lead(const TestCall& call, int result = 0) {
    double bright = 0;
    double dark = 0;
    for (const auto& top :
         call.response().results(result).classification().top()) {
      (top.label() == "bright" ? bright : dark) = top.score();
    }
    return std::log(bright / dark);
  }

  FakeClock clock_;
  const ModelStore store_;
  BatchScheduler<InferTask> queue_{64, 4, &clock_};
  ResultPool result_pool_{2, 4, ServerLimits().max_message_bytes, &clock_};
  std::vector<std::unique_ptr<TestCall>> calls_;
};

TEST_F(TailRunnerTest, RatesMixInOneBatchAndApplyPerSample) {
  TestCall* low = Schedule(Request(4, 1.0f, 0));
  TestCall* high = Schedule(Request(4, 1.0f, 2));
  RunAll();
  EXPECT_EQ(low->response().batch_size(), 2u);
  EXPECT_EQ(high->response().batch_size(), 2u);
  EXPECT_NEAR(Lead(*low), 1.0, 1e-5);
  EXPECT_NEAR(Lead(*high), 3.0, 1e-5);
}

TEST_F(TailRunnerTest, OtherShapesRunInAnotherBatch) {
  TestCall* small = Schedule(Request(4, 1.0f, 0));
  TestCall* large = Schedule(Request(8, 1.0f, 0));
  RunAll();
  EXPECT_EQ(small->response().batch_size(), 1u);
  EXPECT_EQ(large->response().batch_size(), 1u);
}

TEST_F(TailRunnerTest, EverySampleGetsTheTailsItAskedForInItsOrder) {
  TestCall* first = Schedule(Request(4, 1.0f, 0, {"first"}));
  TestCall* both = Schedule(Request(4, -1.0f, 0, {"second", "first"}));
  TestCall* second = Schedule(Request(4, 2.0f, 0, {"second"}));
  RunAll();
  ASSERT_EQ(both->response().results_size(), 2);
  EXPECT_EQ(both->response().results(0).tail(), "second");
  EXPECT_EQ(both->response().results(1).tail(), "first");
  EXPECT_NEAR(Lead(*first), 1.0, 1e-5);
  EXPECT_NEAR(Lead(*both, 0), -1.0, 1e-5);
  EXPECT_NEAR(Lead(*both, 1), -1.0, 1e-5);
  EXPECT_NEAR(Lead(*second), 2.0, 1e-5);
}

TEST_F(TailRunnerTest, MoreThanTheMaximumIsSplit) {
  for (int i = 0; i < 6; ++i) Schedule(Request(4, 1.0f, 0));
  RunAll();
  EXPECT_EQ(calls_[3]->response().batch_size(), 4u);
  EXPECT_EQ(calls_[4]->response().batch_size(), 2u);
}

TEST_F(TailRunnerTest, StartRunsOnItsOwnThreadBeforeAnyNetwork) {
  queue_.Close();
  std::thread::id thread;
  const auto runner =
      TailRunner::Start(&store_, &queue_, &result_pool_, &clock_,
                        [&] { thread = std::this_thread::get_id(); });
  ASSERT_TRUE(runner.ok());
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(TailRunnerTest, TailThatDoesNotKeepItsPromiseStopsTheStart) {
  const ModelStore store =
      MakeStore(std::make_unique<FunctionTail>([](const auto& features) {
        const int64_t n = features.shape[0];
        return std::vector<model::NamedTensor>{
            {"logits", {{n, 3}, std::vector<float>(3 * n)}}};
      }));
  queue_.Close();
  const absl::Status status =
      TailRunner::Start(&store, &queue_, &result_pool_, &clock_, [] {
      }).status();
  EXPECT_EQ(status, absl::InternalError("tail \"second\" made logits [1,3], "
                                        "expected logits [1,2]"));
}

TEST_F(TailRunnerTest, TailThatBreaksItsPromiseLaterLeavesTheOthers) {
  const ModelStore store =
      MakeStore(std::make_unique<FunctionTail>([](const auto& features) {
        // Warming up is done on one picture.
        const int64_t n = std::min<int64_t>(features.shape[0], 1);
        return std::vector<model::NamedTensor>{
            {"logits", {{n, 2}, std::vector<float>(2 * n)}}};
      }));
  for (int i = 0; i < 2; ++i) {
    Schedule(Request(4, 1.0f, 0, {"second", "first"}), store);
  }
  RunAll(store);
  for (const auto& call : calls_) {
    ASSERT_EQ(call->response().results_size(), 2);
    EXPECT_EQ(wire::StatusFromProto(call->response().results(0)),
              absl::InternalError("tail \"second\" made logits [1,2], expected "
                                  "logits [2,2]"));
    EXPECT_NEAR(Lead(*call, 1), 1.0, 1e-5);
  }
}

TEST_F(TailRunnerTest, NoResultsAreMadeForATaskThatWasCancelledMeanwhile) {
  TestCall* gone = nullptr;
  const ModelStore store = MakeStore(
      std::make_unique<FunctionTail>([&](const base::FloatTensor& features) {
        const int64_t n = features.shape[0];
        if (n == 2) gone->Cancel();  // Not yet while warming up.
        return std::vector<model::NamedTensor>{
            {"logits", {{n, 2}, std::vector<float>(2 * n)}}};
      }));
  const TestCall* kept = Schedule(Request(4, 1.0f, 0, {"second"}), store);
  gone = Schedule(Request(4, 1.0f, 0, {"second"}), store);
  queue_.Close();
  const auto runner =
      TailRunner::Start(&store, &queue_, &result_pool_, &clock_, [] {});
  ASSERT_TRUE(runner.ok()) << runner.status();
  EXPECT_EQ(gone->status(),
            absl::CancelledError("the client cancelled the request"));
  EXPECT_EQ(gone->response().results_size(), 0);
  EXPECT_TRUE(calls_[0]->status().ok());
  EXPECT_EQ(kept->response().results_size(), 1);
}

TEST_F(TailRunnerTest, SamplesOfABatchKeepTheirOwnGeometryAndTails) {
  std::vector<LoadedCodec> codecs;
  codecs.push_back(MakeTestCodec("codec-a", 'a'));
  const std::vector<std::string> ids = {TestCodecId('a')};
  std::vector<LoadedTail> tails;
  tails.push_back(MakeTestTail("first", ids, std::make_unique<MeanTail>()));
  tails.push_back(MakeTestTail("spot", ids, SpotTail(), "detection"));
  const ModelStore store =
      ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  Schedule(Request(4, 1.0f, 0, {"first"}), store);
  for (const int scale : {2, 3}) {
    v1::InferRequest request = Request(4, 1.0f, 0, {"spot"});
    const vision::Size padded = {32, 32};
    *request.mutable_geometry() =
        wire::GeometryToProto({.source = {32 * scale, 32 * scale},
                               .scale_x = static_cast<double>(scale),
                               .scale_y = static_cast<double>(scale),
                               .valid = padded,
                               .padded = padded});
    Schedule(std::move(request), store);
  }
  RunAll(store);
  for (const auto& call : calls_) EXPECT_EQ(call->response().batch_size(), 3u);
  EXPECT_TRUE(calls_[0]->response().results(0).has_classification());
  for (const int i : {1, 2}) {
    const v1::Detection& found = calls_[i]->response().results(0).detection();
    ASSERT_EQ(found.boxes_size(), 1);
    EXPECT_EQ(found.boxes(0).x_max(), 32.0f * static_cast<float>(i + 1));
  }
}

}  // namespace
}  // namespace sluice::server
