// InferStream of a whole server over loopback, with tiny networks.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "server/server.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMaxInFlight = 4;

ModelStore MakeStore(Gate* gate) {
  std::vector<LoadedCodec> codecs;
  codecs.push_back(MakeTestCodec("codec-a", 'a'));
  std::vector<LoadedTail> tails;
  tails.push_back(
      MakeTestTail("mean", {TestCodecId('a')}, std::make_unique<MeanTail>()));
  tails.push_back(MakeTestTail("gated", {TestCodecId('a')},
                               std::make_unique<GatedTail>(gate)));
  return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
}

// One client's end of a stream, on a connection of its own.
class Client {
 public:
  explicit Client(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::Inference::NewStub(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments));
    context_.set_deadline(std::chrono::system_clock::now() +
                          std::chrono::seconds(60));
    stream_ = stub_->InferStream(&context_);
  }

  bool Write(uint64_t sequence, v1::InferRequest request) {
    request.set_sequence(sequence);
    return stream_->Write(request);
  }
  // Reads an answer, expecting this sequence and code.
  v1::InferResponse Expect(uint64_t sequence, uint32_t code) {
    v1::InferResponse response;
    EXPECT_TRUE(stream_->Read(&response)) << sequence;
    EXPECT_EQ(response.sequence(), sequence);
    EXPECT_EQ(response.code(), code) << response.message();
    return response;
  }
  bool Read(v1::InferResponse* response) { return stream_->Read(response); }
  void WritesDone() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  // Expects no more answers.
  grpc::Status Finish() {
    v1::InferResponse response;
    EXPECT_FALSE(stream_->Read(&response)) << response.sequence();
    return stream_->Finish();
  }

  // A round trip on the same connection: what was written before has arrived.
  void RoundTrip() {
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    EXPECT_TRUE(stub_->ListModels(&context, {}, &response).ok());
    EXPECT_EQ(response.limits().max_in_flight_per_stream(), kMaxInFlight);
  }
  // Does not wait for a runner that is held at the gate.
  grpc::StatusCode Infer(const v1::InferRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(100));
    v1::InferResponse response;
    return stub_->Infer(&context, request, &response).error_code();
  }

 private:
  std::unique_ptr<v1::Inference::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::InferRequest, v1::InferResponse>>
      stream_;
};

class StreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Server::Options options;
    options.listen = {"127.0.0.1", 0};
    options.version = "1.2.3";
    options.pipeline.limits.max_in_flight_per_stream = kMaxInFlight;
    options.pipeline.limits.max_queued_tasks = 32;
    auto server = Server::Start(MakeStore(&gate_), options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void TearDown() override { gate_.Open(); }

  Client Connect() { return Client(server_->address()); }

  static v1::InferRequest Request(const std::string& tail = "mean") {
    return FrameRequest(MakeTestFrame('a', 4, 4, 1.0f), {tail});
  }
  // A refused request, large beside what sockets hold.
  static v1::InferRequest BigGarbage() {
    return FrameRequest(std::string(1 << 20, 'x'));
  }

  Gate gate_;
  std::unique_ptr<Server> server_;
};

TEST_F(StreamTest, AnswersComeInOrderWhateverIsSlowOrFails) {
  Client client = Connect();
  v1::InferRequest damaged = Request();
  damaged.mutable_frame()->back() ^= 1;
  v1::InferRequest foreign = FrameRequest(MakeTestFrame('b', 4, 4, 1.0f));
  const std::vector<std::pair<v1::InferRequest, uint32_t>> kinds = {
      {Request("gated"), 0},
      {damaged, 15},  // DATA_LOSS
      {Request(), 0},
      {v1::InferRequest(), 3},  // INVALID_ARGUMENT
      {Request("nope"), 5},     // NOT_FOUND
      {foreign, 9},             // FAILED_PRECONDITION
      {FrameRequest(std::string(1000, '\xff')), 3},
      {FrameRequest(std::string("SL")), 15}};
  std::thread writer([&] {
    for (uint64_t i = 0; i < 200; ++i) {
      ASSERT_TRUE(client.Write(i, kinds[i % kinds.size()].first));
    }
    client.WritesDone();
  });
  for (uint64_t i = 0; i < 200; ++i) {
    client.Expect(i, kinds[i % kinds.size()].second);
  }
  writer.join();
  EXPECT_TRUE(client.Finish().ok());
}

TEST_F(StreamTest, StreamsInterleave) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<Client>(server_->address()));
  }
  for (uint64_t round = 0; round < 20; ++round) {
    for (auto& client : clients) {
      ASSERT_TRUE(client->Write(2 * round, Request()));
      ASSERT_TRUE(client->Write(2 * round + 1, Request("nope")));
    }
    for (auto& client : clients) {
      client->Expect(2 * round, 0);
      client->Expect(2 * round + 1, 5);
    }
  }
  for (auto& client : clients) {
    client->WritesDone();
    EXPECT_TRUE(client->Finish().ok());
  }
}

TEST_F(StreamTest, OneStreamDoesNotWaitForAnothersAnswers) {
  gate_.Close();
  Client slow = Connect();
  slow.Write(1, Request("gated"));
  gate_.WaitForArrival();
  Client quick = Connect();
  quick.Write(1, Request("nope"));
  quick.Expect(1, 5);
  gate_.Open();
  slow.Expect(1, 0);
}

TEST_F(StreamTest, NoMoreThanTheLimitIsInFlight) {
  gate_.Close();
  Client client = Connect();
  for (uint64_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(client.Write(i, Request("gated")));
  }
  gate_.WaitForArrival();
  for (int i = 0; i < 20; ++i) client.RoundTrip();
  gate_.Open();
  for (uint64_t i = 0; i < 30; ++i) {
    EXPECT_LE(client.Expect(i, 0).load().queued_tasks(), kMaxInFlight);
  }
}

TEST_F(StreamTest, ClientsWritesHaltAtTheLimit) {
  constexpr uint64_t kNumMessages = 64;
  gate_.Close();
  Client client = Connect();
  ASSERT_TRUE(client.Write(0, Request("gated")));
  gate_.WaitForArrival();
  // They are refused at once, but wait for the first one's answer.
  std::atomic<uint64_t> num_written = 1;
  std::thread writer([&] {
    for (uint64_t i = 1; i < kNumMessages; ++i, ++num_written) {
      ASSERT_TRUE(client.Write(i, BigGarbage()));
    }
  });
  Client other = Connect();
  for (int i = 0; i < 200; ++i) other.RoundTrip();
  EXPECT_LT(num_written, kNumMessages / 2);
  gate_.Open();
  client.Expect(0, 0);
  for (uint64_t i = 1; i < kNumMessages; ++i) client.Expect(i, 3);
  writer.join();
  EXPECT_EQ(num_written, kNumMessages);
}

TEST_F(StreamTest, HalfClosedStreamGetsTheOutstandingAnswers) {
  gate_.Close();
  Client client = Connect();
  for (uint64_t i = 0; i < 6; ++i) client.Write(i, Request("gated"));
  client.WritesDone();
  gate_.WaitForArrival();
  gate_.Open();
  for (uint64_t i = 0; i < 6; ++i) client.Expect(i, 0);
  EXPECT_TRUE(client.Finish().ok());
}

TEST_F(StreamTest, CancelledStreamGivesItsSlotsBack) {
  gate_.Close();
  for (int i = 0; i < 8; ++i) {  // 32 messages: the server is full.
    Client client = Connect();
    for (uint64_t j = 0; j < kMaxInFlight; ++j) {
      client.Write(j, Request("gated"));
    }
    client.RoundTrip();
    client.Cancel();
    EXPECT_EQ(client.Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  gate_.Open();
  Client next = Connect();
  while (next.Infer(Request()) == grpc::StatusCode::RESOURCE_EXHAUSTED) {
    std::this_thread::yield();
  }
  next.Write(1, Request());
  next.Expect(1, 0);
}

TEST_F(StreamTest, ClientThatVanishesGivesItsSlotsBack) {
  gate_.Close();
  {
    Client client = Connect();
    for (uint64_t i = 0; i < kMaxInFlight; ++i) {
      client.Write(i, Request("gated"));
    }
    gate_.WaitForArrival();
  }
  gate_.Open();
  server_->Drain();  // Returns when every request is answered.
}

TEST_F(StreamTest, MessageOverTheLimitEndsThatStreamAlone) {
  Client client = Connect();
  Client other = Connect();
  client.Write(1, FrameRequest(std::string((4 << 20) + 1, 'x')));
  EXPECT_EQ(client.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  other.Write(1, Request());
  other.Expect(1, 0);
}

TEST_F(StreamTest, DrainAnswersWhatItAcceptedAndEndsTheStream) {
  gate_.Close();
  Client client = Connect();
  Client other = Connect();
  client.Write(1, Request("gated"));
  gate_.WaitForArrival();
  std::thread drain([this] { server_->Drain(); });
  while (other.Infer(Request()) != grpc::StatusCode::UNAVAILABLE) {
    std::this_thread::yield();
  }
  client.Write(2, Request());
  gate_.Open();
  client.Expect(1, 0);
  // The second is refused if the server still read it; then the stream ends.
  v1::InferResponse refused;
  if (client.Read(&refused)) {
    EXPECT_EQ(refused.sequence(), 2u);
    EXPECT_EQ(refused.code(), 14u) << refused.message();
  }
  const grpc::Status status = client.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("draining"));
  drain.join();
}

TEST_F(StreamTest, DrainEndsAnIdleStreamAtOnce) {
  Client client = Connect();
  client.Write(1, Request());
  client.Expect(1, 0);
  std::thread drain([this] { server_->Drain(); });
  const grpc::Status status = client.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("draining"));
  drain.join();
}

}  // namespace
}  // namespace sluice::server
