#include "server/inference_service.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/codec/known_answer.h"
#include "gmock/gmock.h"
#include "grpcpp/server_builder.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

// Over an in-process channel; the tail "gated" stands behind gate_.
class InferenceServiceTest : public ::testing::Test {
 protected:
  InferenceServiceTest() : store_(MakeStore()) {
    InferPipeline::Options options;
    options.limits.max_queued_tasks = 1;
    pipeline_ = InferPipeline::Start(&store_, options, &clock_).value();
    service_ = std::make_unique<InferenceService>(pipeline_.get(), "1.2.3");
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::Inference::NewStub(server_->InProcessChannel({}));
  }
  ~InferenceServiceTest() override {
    gate_.Open();
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

  static v1::InferRequest Request(std::vector<std::string> tails = {}) {
    return FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), std::move(tails));
  }

  base::SteadyClock clock_;
  Gate gate_;
  const ModelStore store_;
  std::unique_ptr<InferPipeline> pipeline_;
  std::unique_ptr<InferenceService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Inference::Stub> stub_;
};

TEST_F(InferenceServiceTest, InferAnswersWithResultsAndTimings) {
  grpc::ClientContext context;
  v1::InferResponse response;
  const grpc::Status status = stub_->Infer(&context, Request(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.code(), 0u);
  EXPECT_EQ(response.sequence(), 42u);
  EXPECT_EQ(response.results(0).classification().top(0).label(), "bright");
  const v1::ServerTimings& timings = response.timings();
  EXPECT_GE(timings.total_us(),
            timings.queue_us() + timings.entropy_decode_us() +
                timings.batch_wait_us() + timings.decoder_network_us() +
                timings.tail_us());
}

TEST_F(InferenceServiceTest, ErrorIsTheGrpcStatus) {
  grpc::ClientContext context;
  v1::InferResponse response;
  const grpc::Status status = stub_->Infer(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("no payload"));
  EXPECT_TRUE(context.GetServerTrailingMetadata().empty());
}

TEST_F(InferenceServiceTest, FullQueueTellsWhenToRetry) {
  gate_.Close();
  grpc::ClientContext first_context;
  v1::InferResponse first;
  TestCall answered({});
  const v1::InferRequest gated = Request({"gated"});
  stub_->async()->Infer(
      &first_context, &gated, &first,
      [done = answered.Get().done](const grpc::Status& s) {
        done(s.ok() ? absl::OkStatus() : absl::UnknownError(s.error_message()));
      });
  gate_.WaitForArrival();
  grpc::ClientContext context;
  v1::InferResponse response;
  const grpc::Status status = stub_->Infer(&context, Request(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto hint = trailing.find("retry-after-ms");
  ASSERT_NE(hint, trailing.end());
  EXPECT_EQ(std::string(hint->second.data(), hint->second.size()), "100");

  gate_.Open();
  EXPECT_TRUE(answered.status().ok()) << answered.status();
}

TEST_F(InferenceServiceTest, ClientsDeadlineEndsACallTheRunnerHolds) {
  gate_.Close();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(20));
  v1::InferResponse response;
  const grpc::Status status =
      stub_->Infer(&context, Request({"gated"}), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(InferenceServiceTest, DrainingIsUnavailable) {
  pipeline_->StopAccepting();
  grpc::ClientContext context;
  v1::InferResponse response;
  EXPECT_EQ(stub_->Infer(&context, Request(), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(InferenceServiceTest, ListModelsNamesCodecsTailsAndLimits) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub_->ListModels(&context, {}, &response).ok());
  ASSERT_EQ(response.codecs_size(), 1);
  EXPECT_EQ(response.codecs(0).name(), "codec-a");
  EXPECT_EQ(response.codecs(0).id(), TestCodecId('a'));
  EXPECT_EQ(response.codecs(0).num_rates(), 3u);
  const artifact::CodecArtifact& codec = store_.codecs()[0].artifact;
  const std::string& known_frame = response.codecs(0).known_frame();
  EXPECT_TRUE(codec::CheckKnownAnswer(
                  {reinterpret_cast<const uint8_t*>(known_frame.data()),
                   known_frame.size()},
                  response.codecs(0).known_symbols_crc32c(), codec.tables,
                  codec.short_id)
                  .ok());
  ASSERT_EQ(response.tails_size(), 2);
  EXPECT_EQ(response.tails(0).name(), "mean");
  EXPECT_EQ(response.tails(0).task(), "classification");
  EXPECT_TRUE(response.tails(0).is_default());
  EXPECT_FALSE(response.tails(1).is_default());
  EXPECT_EQ(response.tails(1).labels_size(), 2);
  EXPECT_EQ(response.limits().max_queued_tasks(), 1u);
  EXPECT_EQ(response.limits().default_timeout_ms(), 2000u);
  EXPECT_EQ(response.limits().max_in_flight_per_stream(), 8u);
  EXPECT_EQ(response.server_version(), "1.2.3");
}

}  // namespace
}  // namespace sluice::server
