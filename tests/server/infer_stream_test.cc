#include "server/infer_stream.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/server_builder.h"
#include "server/inference_service.h"
#include "tests/server/fake_clock.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

constexpr auto kDeadlineExceeded =
    static_cast<uint32_t>(absl::StatusCode::kDeadlineExceeded);
constexpr auto kUnavailable =
    static_cast<uint32_t>(absl::StatusCode::kUnavailable);

// Over an in-process channel, with a fake clock; the tail "gated" stands behind
// gate_.
class InferStreamTest : public ::testing::Test {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::InferRequest, v1::InferResponse>;

  InferStreamTest() : store_(MakeStore()) {
    pipeline_ = InferPipeline::Start(&store_, {}, &clock_).value();
    service_ = std::make_unique<InferenceService>(pipeline_.get(), "1.2.3");
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::Inference::NewStub(server_->InProcessChannel({}));
    stream_ = stub_->InferStream(&context_);
  }
  ~InferStreamTest() override {
    gate_.Open();
    context_.TryCancel();
    server_->Shutdown();
    server_->Wait();
  }

  ModelStore MakeStore() {
    std::vector<LoadedCodec> codecs;
    codecs.push_back(MakeTestCodec("codec-a", 'a'));
    std::vector<LoadedTail> tails;
    tails.push_back(
        MakeTestTail("mean", {TestCodecId('a')}, std::make_unique<MeanTail>()));
    tails.push_back(MakeTestTail("gated", {TestCodecId('a')},
                                 std::make_unique<GatedTail>(&gate_)));
    return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
  }

  void Write(uint64_t sequence, const std::string& tail,
             uint32_t timeout_ms = 0) {
    v1::InferRequest request =
        FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), {tail});
    request.set_sequence(sequence);
    request.set_timeout_ms(timeout_ms);
    ASSERT_TRUE(stream_->Write(request));
  }

  v1::InferResponse Read() {
    v1::InferResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }

  FakeClock clock_;
  Gate gate_;
  const ModelStore store_;
  std::unique_ptr<InferPipeline> pipeline_;
  std::unique_ptr<InferenceService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Inference::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
};

TEST_F(InferStreamTest, HalfClosedStreamWithoutMessagesEndsOk) {
  stream_->WritesDone();
  v1::InferResponse response;
  EXPECT_FALSE(stream_->Read(&response));
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(InferStreamTest, FailureTravelsInTheMessageAndTheStreamLivesOn) {
  Write(1, "no such tail");
  Write(2, "mean");
  const v1::InferResponse failed = Read();
  EXPECT_EQ(failed.sequence(), 1u);
  EXPECT_EQ(failed.code(), 5u);  // NOT_FOUND
  EXPECT_THAT(failed.message(), HasSubstr("no such tail"));
  EXPECT_EQ(failed.results_size(), 0);
  const v1::InferResponse good = Read();
  EXPECT_EQ(good.sequence(), 2u);
  EXPECT_EQ(good.code(), 0u);
  EXPECT_EQ(good.results_size(), 1);
}

TEST_F(InferStreamTest, TheDefaultTimeoutDoesNotApply) {
  gate_.Close();
  Write(1, "gated");
  gate_.WaitForArrival();
  clock_.AdvanceMs(3600000);
  gate_.Open();
  EXPECT_EQ(Read().code(), 0u);
}

TEST_F(InferStreamTest, EveryMessageHasItsOwnTimeout) {
  gate_.Close();
  Write(1, "gated");
  gate_.WaitForArrival();
  Write(2, "mean", 10);
  Write(3, "mean", 1000);
  while (pipeline_->num_tasks() < 3) std::this_thread::yield();
  clock_.AdvanceMs(20);
  gate_.Open();
  EXPECT_EQ(Read().code(), 0u);
  const v1::InferResponse late = Read();
  EXPECT_EQ(late.sequence(), 2u);
  EXPECT_EQ(late.code(), kDeadlineExceeded);
  EXPECT_EQ(Read().code(), 0u);
}

TEST_F(InferStreamTest, AnswerAfterItsTimeoutHasNoResults) {
  gate_.Close();
  Write(1, "gated", 10);
  gate_.WaitForArrival();
  clock_.AdvanceMs(20);
  gate_.Open();
  const v1::InferResponse late = Read();
  EXPECT_EQ(late.code(), kDeadlineExceeded);
  EXPECT_EQ(late.results_size(), 0);
}

TEST_F(InferStreamTest, MessageToAPipelineThatDrainsIsUnavailable) {
  pipeline_->StopAccepting();
  Write(7, "mean");
  const v1::InferResponse response = Read();
  EXPECT_EQ(response.sequence(), 7u);
  EXPECT_EQ(response.code(), kUnavailable);
}

TEST_F(InferStreamTest, StreamOpenedWhileDrainingIsUnavailable) {
  service_->streams().Drain();
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  grpc::ClientContext context;
  const auto stream = stub_->InferStream(&context);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("draining"));
}

TEST_F(InferStreamTest, OpenStreamsKnowsWhenTheLastHasEnded) {
  Write(1, "mean");
  Read();
  EXPECT_FALSE(
      service_->streams().WaitUntilNone(std::chrono::steady_clock::now()));
  service_->streams().Drain();
  EXPECT_TRUE(service_->streams().WaitUntilNone(
      std::chrono::steady_clock::now() + std::chrono::seconds(20)));
}

}  // namespace
}  // namespace sluice::server
