#include "server/infer_pipeline.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "common/codec/frame.h"
#include "common/wire/grpc_status.h"
#include "gmock/gmock.h"
#include "tests/server/fake_clock.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

// Tails: "mean" (default), "gated" behind gate_, "broken" once broken_ is set.
class InferPipelineTest : public ::testing::Test {
 protected:
  InferPipelineTest() : store_(MakeStore()) {}
  ~InferPipelineTest() override { gate_.Open(); }

  ModelStore MakeStore() {
    std::vector<LoadedCodec> codecs;
    codecs.push_back(MakeTestCodec("codec-a", 'a'));
    const std::vector<std::string> ids = {TestCodecId('a')};
    std::vector<LoadedTail> tails;
    tails.push_back(MakeTestTail("mean", ids, std::make_unique<MeanTail>()));
    tails.push_back(
        MakeTestTail("gated", ids, std::make_unique<GatedTail>(&gate_)));
    tails.push_back(
        MakeTestTail("broken", ids, std::make_unique<BreakableTail>(&broken_)));
    return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  }

  void Start(ServerLimits limits = {}) {
    auto pipeline = InferPipeline::Start(&store_, {.limits = limits}, &clock_);
    ASSERT_TRUE(pipeline.ok()) << pipeline.status();
    pipeline_ = *std::move(pipeline);
  }

  static v1::InferRequest Request(std::vector<std::string> tails = {},
                                  float value = 1.0f, int rate = 0) {
    return FrameRequest(MakeTestFrame('a', 4, 4, value, rate), tails);
  }

  // Puts a request into the runner and leaves it there.
  void OccupyRunner(TestCall* call) {
    gate_.Close();
    pipeline_->Infer(call->Get());
    gate_.WaitForArrival();
  }

  static float TopScore(const TestCall& call) {
    return call.response().results(0).classification().top(0).score();
  }

  FakeClock clock_;
  Gate gate_;
  std::atomic<bool> broken_ = false;
  const ModelStore store_;
  std::unique_ptr<InferPipeline> pipeline_;
};

TEST_F(InferPipelineTest, FrameIsDecodedAndClassified) {
  Start();
  TestCall call(Request());
  pipeline_->Infer(call.Get());
  ASSERT_TRUE(call.status().ok()) << call.status();
  const v1::InferResponse& response = call.response();
  EXPECT_EQ(response.sequence(), 42u);
  EXPECT_EQ(response.batch_size(), 1u);
  EXPECT_EQ(response.load().queue_capacity(), 64u);
  ASSERT_EQ(response.results_size(), 1);
  const v1::Classification& result = response.results(0).classification();
  ASSERT_EQ(result.top_size(), 2);
  EXPECT_EQ(result.top(0).label(), "bright");
  EXPECT_NEAR(result.top(0).score(), std::exp(1.0) / (std::exp(1.0) + 1), 1e-6);
}

TEST_F(InferPipelineTest, PictureEntersTheSameTail) {
  Start();
  v1::InferRequest request;
  request.mutable_image()->set_data(MakeTestPng(50, 40));
  request.mutable_image()->set_view("crop:32");
  TestCall call(std::move(request));
  pipeline_->Infer(call.Get());
  ASSERT_TRUE(call.status().ok()) << call.status();
  // Red 250 and green 20 of the network's -1..1.
  const double logit = (250 - 20) / 127.5;
  EXPECT_NEAR(TopScore(call), 1 / (1 + std::exp(-logit)), 1e-5);
}

TEST_F(InferPipelineTest, RefusedRequestIsAnsweredOnceAndTakesNoSlot) {
  Start({.max_queued_tasks = 1});
  TestCall refused(Request({"nope"}));
  pipeline_->Infer(refused.Get());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(refused.num_answers(), 1);
  TestCall accepted(Request());
  pipeline_->Infer(accepted.Get());
  EXPECT_TRUE(accepted.status().ok());
}

TEST_F(InferPipelineTest, PayloadThatDoesNotDecodeIsDataLoss) {
  Start();
  constexpr uint8_t kPayload[] = {0xff, 0xff, 0xff, 0xff, 1, 2, 3};
  TestCall call(FrameRequest(TestFrame({.codec_short_id = 0xaaaaaaaa,
                                        .rate = 0,
                                        .latent_height = 8,
                                        .latent_width = 8},
                                       kPayload)));
  pipeline_->Infer(call.Get());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(InferPipelineTest, RateTheCodecHasNotIsInvalid) {
  Start();
  TestCall call(FrameRequest(TestFrame({.codec_short_id = 0xaaaaaaaa,
                                        .rate = kTestRates,
                                        .latent_height = 8,
                                        .latent_width = 8},
                                       {})));
  pipeline_->Infer(call.Get());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(InferPipelineTest, TruncatedPictureIsAnErrorAndTheServerGoesOn) {
  Start();
  const std::string png = MakeTestPng(64, 64);
  v1::InferRequest request;
  request.mutable_image()->set_data(png.substr(0, png.size() / 2));
  TestCall truncated(std::move(request));
  pipeline_->Infer(truncated.Get());
  EXPECT_EQ(truncated.status().code(), absl::StatusCode::kDataLoss);
  TestCall next(Request());
  pipeline_->Infer(next.Get());
  EXPECT_TRUE(next.status().ok());
}

TEST_F(InferPipelineTest, OneFailingTailLeavesTheOthersTheirResults) {
  Start();
  broken_ = true;
  TestCall call(Request({"broken", "mean"}));
  pipeline_->Infer(call.Get());
  ASSERT_TRUE(call.status().ok()) << call.status();
  ASSERT_EQ(call.response().results_size(), 2);
  EXPECT_EQ(call.response().results(0).tail(), "broken");
  EXPECT_EQ(wire::StatusFromProto(call.response().results(0)),
            absl::InternalError("out of scratch memory"));
  EXPECT_TRUE(wire::StatusFromProto(call.response().results(1)).ok());
  EXPECT_EQ(call.response().results(1).classification().top_size(), 2);
}

TEST_F(InferPipelineTest, RequestFailsWhenAllItsTailsFail) {
  Start();
  broken_ = true;
  TestCall call(Request({"broken"}));
  pipeline_->Infer(call.Get());
  EXPECT_EQ(call.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(call.status().message()), HasSubstr("\"broken\""));
}

TEST_F(InferPipelineTest, TailThatFailsItsWarmUpStopsTheStart) {
  broken_ = true;
  const auto pipeline = InferPipeline::Start(&store_, {}, &clock_);
  EXPECT_EQ(pipeline.status(), absl::InternalError("out of scratch memory"));
}

TEST_F(InferPipelineTest, FullQueueIsResourceExhaustedWithRetryHint) {
  Start({.max_queued_tasks = 1});
  TestCall running(Request({"gated"}));
  OccupyRunner(&running);
  TestCall refused(Request());
  pipeline_->Infer(refused.Get());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(wire::RetryAfterMs(refused.status()), 100u);

  gate_.Open();
  EXPECT_TRUE(running.status().ok());
  TestCall next(Request());
  pipeline_->Infer(next.Get());
  EXPECT_TRUE(next.status().ok());
}

TEST_F(InferPipelineTest, DeadlineThatPassesInTheQueueIsDeadlineExceeded) {
  Start();
  TestCall running(Request({"gated"}));
  OccupyRunner(&running);
  v1::InferRequest hurried = Request();
  hurried.set_timeout_ms(10);
  TestCall late(std::move(hurried));
  TestCall patient(Request());
  pipeline_->Infer(late.Get());
  pipeline_->Infer(patient.Get());
  clock_.AdvanceMs(20);
  gate_.Open();
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(late.response().results_size(), 0);
  EXPECT_TRUE(patient.status().ok());
  EXPECT_TRUE(running.status().ok());
}

TEST_F(InferPipelineTest, DefaultTimeoutAppliesWithoutAnother) {
  Start();
  v1::InferRequest unhurried = Request({"gated"});
  unhurried.set_timeout_ms(10000);
  TestCall running(std::move(unhurried));
  OccupyRunner(&running);
  TestCall late(Request());
  pipeline_->Infer(late.Get());
  clock_.AdvanceMs(2000);
  gate_.Open();
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(running.status().ok());
}

TEST_F(InferPipelineTest, AnswerAfterTheDeadlineIsDeadlineExceeded) {
  Start();
  v1::InferRequest hurried = Request({"gated"});
  hurried.set_timeout_ms(10);
  TestCall late(std::move(hurried));
  OccupyRunner(&late);
  clock_.AdvanceMs(15);
  gate_.Open();
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(late.status().message()),
              HasSubstr("5 ms after the deadline"));
}

TEST_F(InferPipelineTest, WithoutAnyTimeoutARequestMayTakeForever) {
  Start();
  TestCall patient(Request({"gated"}));
  InferTask::Call call = patient.Get();
  call.default_timeout = std::nullopt;
  gate_.Close();
  pipeline_->Infer(std::move(call));
  gate_.WaitForArrival();
  clock_.AdvanceMs(1000000);
  gate_.Open();
  EXPECT_TRUE(patient.status().ok()) << patient.status();
}

TEST_F(InferPipelineTest, CallersDeadlineThatHasPassedIsDeadlineExceeded) {
  Start();
  TestCall late(Request());
  InferTask::Call call = late.Get();
  call.deadline = clock_.Now();
  pipeline_->Infer(std::move(call));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(InferPipelineTest, CancelledRequestLeavesBeforeComputeAndFreesItsSlot) {
  Start({.max_queued_tasks = 2});
  TestCall running(Request({"gated"}));
  OccupyRunner(&running);
  TestCall cancelled(Request());
  pipeline_->Infer(cancelled.Get());
  cancelled.Cancel();
  gate_.Open();
  EXPECT_EQ(cancelled.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(cancelled.response().results_size(), 0);
  EXPECT_TRUE(running.status().ok());
  pipeline_->WaitUntilIdle();
}

TEST_F(InferPipelineTest, DrainRefusesNewRequestsAndAnswersAcceptedOnes) {
  Start();
  TestCall running(Request({"gated"}));
  OccupyRunner(&running);
  TestCall queued(Request());
  pipeline_->Infer(queued.Get());
  pipeline_->StopAccepting();
  TestCall refused(Request());
  pipeline_->Infer(refused.Get());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  gate_.Open();
  pipeline_->WaitUntilIdle();
  pipeline_.reset();
  EXPECT_EQ(running.num_answers(), 1);
  EXPECT_EQ(queued.num_answers(), 1);
  EXPECT_TRUE(running.status().ok());
  EXPECT_TRUE(queued.status().ok());
}

TEST_F(InferPipelineTest, ManyRequestsAreEachAnsweredOnce) {
  Start({.max_queued_tasks = 16});
  std::vector<std::unique_ptr<TestCall>> calls;
  for (int i = 0; i < 300; ++i) {
    calls.push_back(std::make_unique<TestCall>(
        Request(i % 2 == 0 ? std::vector<std::string>{"mean"}
                           : std::vector<std::string>{"mean", "broken"},
                1.0f, i % kTestRates)));
    pipeline_->Infer(calls.back()->Get());
  }
  pipeline_.reset();
  int num_ok = 0;
  for (const auto& call : calls) {
    ASSERT_EQ(call->num_answers(), 1);
    if (call->status().ok()) {
      ++num_ok;
    } else {
      EXPECT_EQ(call->status().code(), absl::StatusCode::kResourceExhausted);
    }
  }
  EXPECT_GE(num_ok, 16);
}

}  // namespace
}  // namespace sluice::server
