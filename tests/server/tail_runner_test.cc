#include "server/tail_runner.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

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
    calls_.push_back(std::make_unique<TestCall>(std::move(request)));
    InferTask::Call call = calls_.back()->Get();
    InferPlan plan = MakeInferPlan(*call.request, store_).value();
    auto task = std::make_unique<InferTask>(
        std::move(call), std::move(plan), Reservation(), clock_.Now(), &clock_);
    EXPECT_TRUE(task->Decode().ok());
    EXPECT_TRUE(queue_.Schedule(&task).ok());
    return calls_.back().get();
  }

  void RunAll() {
    queue_.Close();
    const auto runner = TailRunner::Start(&store_, &queue_, &clock_, [] {});
    ASSERT_TRUE(runner.ok()) << runner.status();
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
  const auto runner = TailRunner::Start(
      &store_, &queue_, &clock_, [&] { thread = std::this_thread::get_id(); });
  ASSERT_TRUE(runner.ok());
  EXPECT_NE(thread, std::this_thread::get_id());
}

class ThreeClassTail final : public model::Tail {
 public:
  absl::StatusOr<base::FloatTensor> Run(
      const base::FloatTensor& features) const override {
    return base::FloatTensor{
        {features.shape[0], 3},
        std::vector<float>(static_cast<size_t>(features.shape[0]) * 3)};
  }
};

TEST_F(TailRunnerTest, TailWithMoreClassesThanLabelsStopsTheStart) {
  const ModelStore store = MakeStore(std::make_unique<ThreeClassTail>());
  queue_.Close();
  const absl::Status status =
      TailRunner::Start(&store, &queue_, &clock_, [] {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "tail \"second\" made [1,3], expected [1,2]");
}

}  // namespace
}  // namespace sluice::server
