// The whole server on loopback, with tiny networks: start, serve, drain.
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/server.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

ModelStore MakeStore(Gate* gate) {
  std::vector<LoadedCodec> codecs;
  codecs.push_back(MakeTestCodec("codec-a", 'a'));
  std::vector<LoadedTail> tails;
  tails.push_back(MakeTestTail("gated", {TestCodecId('a')},
                               std::make_unique<GatedTail>(gate)));
  return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
}

class ServerLifecycleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = Start(0);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::Inference::NewStub(channel_);
  }
  void TearDown() override { gate_.Open(); }

  absl::StatusOr<std::unique_ptr<Server>> Start(int port) {
    Server::Options options;
    options.listen = {"127.0.0.1", port};
    options.version = "1.2.3";
    return Server::Start(MakeStore(&gate_), options);
  }

  grpc::Status Infer(v1::InferRequest request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(10));
    v1::InferResponse response;
    return stub_->Infer(&context, request, &response);
  }

  // The serving status of grpc.health.v1, for the whole server: its answer is
  // the message {enum status = 1}.
  std::string CheckHealth() {
    grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(
        channel_);
    grpc::ClientContext context;
    grpc::Slice no_bytes;
    grpc::ByteBuffer request(&no_bytes, 1);
    grpc::ByteBuffer response;
    TestCall call({});
    stub.UnaryCall(
        &context, "/grpc.health.v1.Health/Check", {}, &request, &response,
        [done = call.Get().done](const grpc::Status& status) {
          done(absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                            status.error_message()));
        });
    if (!call.status().ok()) return call.status().ToString();
    grpc::Slice bytes;
    if (!response.DumpToSingleSlice(&bytes).ok()) return "no bytes";
    return std::string(reinterpret_cast<const char*>(bytes.begin()),
                       bytes.size());
  }

  static v1::InferRequest Request() {
    return FrameRequest(MakeTestFrame('a', 4, 4, 1.0f));
  }

  Gate gate_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Inference::Stub> stub_;
};

TEST_F(ServerLifecycleTest, ServesOnThePortItChose) {
  EXPECT_GT(server_->port(), 0);
  EXPECT_TRUE(Infer(Request()).ok());
}

TEST_F(ServerLifecycleTest, HealthIsServing) {
  EXPECT_EQ(CheckHealth(), "\x08\x01");
}

TEST_F(ServerLifecycleTest, SecondServerOnThePortIsRefused) {
  const absl::Status status = Start(server_->port()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr(server_->address()));
}

TEST_F(ServerLifecycleTest, MessageOverTheLimitIsResourceExhausted) {
  const grpc::Status status =
      Infer(FrameRequest(std::string((4u << 20) + 1, 'x')));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Infer(Request()).ok());
}

TEST_F(ServerLifecycleTest, DrainAnswersWhatItAcceptedAndRefusesTheRest) {
  gate_.Close();
  grpc::ClientContext context;
  v1::InferResponse response;
  TestCall held({});
  const v1::InferRequest request = Request();
  stub_->async()->Infer(
      &context, &request, &response,
      [done = held.Get().done](const grpc::Status& status) {
        done(status.ok() ? absl::OkStatus()
                         : absl::UnknownError(status.error_message()));
      });
  gate_.WaitForArrival();
  std::thread drain([this] { server_->Drain(); });
  while (CheckHealth() == "\x08\x01") std::this_thread::yield();
  while (Infer(Request()).error_code() != grpc::StatusCode::UNAVAILABLE) {
    std::this_thread::yield();
  }
  EXPECT_EQ(held.num_answers(), 0);
  gate_.Open();
  drain.join();
  EXPECT_TRUE(held.status().ok()) << held.status();
  EXPECT_EQ(Infer(Request()).error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace sluice::server
