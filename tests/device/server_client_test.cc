#include "device/server_client.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

grpc::Status Refuse(grpc::StatusCode code) { return {code, "no, thank you"}; }

TEST(OpenChannelTest, AddressNeedsHostAndPort) {
  for (const char* address : {"", "localhost", "localhost:", ":50051", "host:0",
                              "host:65536", "host:-1", "host:http"}) {
    const auto channel = OpenChannel(address);
    EXPECT_EQ(channel.status().code(), absl::StatusCode::kInvalidArgument)
        << address;
    EXPECT_THAT(Message(channel.status()), HasSubstr("HOST:PORT"));
  }
  EXPECT_TRUE(OpenChannel("127.0.0.1:50051").ok());
  EXPECT_TRUE(OpenChannel("[::1]:50051").ok());
}

TEST(ServerClientTest, ConnectsWhenCodecAndTailsAgree) {
  TestServer server;
  const auto client = server.Connect({"brightness"});
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->server_version(), "0.0.1");
}

TEST(ServerClientTest, NoServerSaysAddressAndWhatToDo) {
  TestServer server;
  server.Kill();
  const auto client = server.Connect();
  EXPECT_EQ(client.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(client.status()),
              AllOf(HasSubstr("test:1"), HasSubstr("sluice-server --models"),
                    HasSubstr("--server")));
}

TEST(ServerClientTest, OtherCodecNamesBothIds) {
  TestServer server;
  const std::string other_id(64, 'b');
  server.models.mutable_codecs(0)->set_id(other_id);
  const auto client = server.Connect();
  EXPECT_EQ(client.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(client.status()),
              AllOf(HasSubstr(MakeCodec().id), HasSubstr(other_id)));
}

TEST(ServerClientTest, SameShortIdIsNotTheSameCodec) {
  TestServer server;
  server.models.mutable_codecs(0)->set_id("00c0ffee" + std::string(56, 'b'));
  EXPECT_EQ(server.Connect().status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ServerClientTest, ServerWithoutCodecsIsAMismatch) {
  TestServer server;
  server.models.Clear();
  EXPECT_EQ(server.Connect().status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ServerClientTest, UnknownTailIsNotFoundAndListsTheOthers) {
  TestServer server;
  const auto client = server.Connect({"brightness", "flavour"});
  EXPECT_EQ(client.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(client.status()),
              AllOf(HasSubstr("'flavour'"), HasSubstr("brightness")));
}

TEST(ServerClientTest, TailOfAnotherCodecIsAMismatch) {
  TestServer server;
  const std::string other_id(64, 'b');
  server.models.mutable_tails(0)->set_codec_ids(0, other_id);
  for (const std::vector<std::string>& tails :
       {std::vector<std::string>{}, {"brightness"}}) {
    const auto client = server.Connect(tails);
    EXPECT_EQ(client.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(Message(client.status()),
                AllOf(HasSubstr(MakeCodec().id), HasSubstr(other_id)));
  }
}

TEST(ServerClientTest, MissingDefaultTailIsNotFound) {
  TestServer server;
  server.models.mutable_tails(0)->set_is_default(false);
  EXPECT_EQ(server.Connect().status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(server.Connect({"brightness"}).ok());
}

TEST(ServerClientTest, LateAnswerIsDeadlineExceededAndSaysTheDeadline) {
  TestServer server;
  absl::Notification client_is_done;
  server.infer = [&](auto...) {
    client_is_done.WaitForNotification();
    return grpc::Status::OK;
  };
  const auto client = server.Connect({}, 50);
  ASSERT_TRUE(client.ok()) << client.status();
  const absl::Status status = (*client)->Infer({}).status();
  client_is_done.Notify();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Message(status), HasSubstr("50 ms (--deadline)"));
  EXPECT_EQ(server.num_infer_calls, 1);
}

TEST(ServerClientTest, ServerKilledDuringARequestIsUnavailable) {
  TestServer server;
  absl::Notification request_is_there;
  absl::Notification client_is_done;
  server.infer = [&](auto...) {
    request_is_there.Notify();
    client_is_done.WaitForNotification();
    return grpc::Status::OK;
  };
  const auto client = server.Connect({}, 1000);
  ASSERT_TRUE(client.ok()) << client.status();
  std::thread killer([&] {
    request_is_there.WaitForNotification();
    server.Kill();
  });
  const absl::Status status = (*client)->Infer({}).status();
  client_is_done.Notify();
  killer.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

TEST(ServerClientTest, DrainingServerIsAskedOnceMore) {
  TestServer server;
  server.infer = [&](auto*, const auto& request, auto* response) {
    if (server.num_infer_calls == 1) return Refuse(grpc::UNAVAILABLE);
    response->set_sequence(request.sequence());
    return grpc::Status::OK;
  };
  const auto client = server.Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE((*client)->Infer({}).ok());
  EXPECT_EQ(server.num_infer_calls, 2);
  EXPECT_EQ(server.num_list_calls, 2);
}

TEST(ServerClientTest, GivesUpAfterTheSecondRefusal) {
  for (const grpc::StatusCode code :
       {grpc::UNAVAILABLE, grpc::FAILED_PRECONDITION}) {
    TestServer server;
    server.infer = [&](auto...) { return Refuse(code); };
    const auto client = server.Connect();
    ASSERT_TRUE(client.ok()) << client.status();
    const absl::Status status = (*client)->Infer({}).status();
    EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code));
    EXPECT_EQ(server.num_infer_calls, 2);
  }
}

TEST(ServerClientTest, CodecChangedUnderWayNamesBothIds) {
  TestServer server;
  const auto client = server.Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  const std::string other_id(64, 'b');
  server.models.mutable_codecs(0)->set_id(other_id);
  server.infer = [](auto...) { return Refuse(grpc::FAILED_PRECONDITION); };
  const absl::Status status = (*client)->Infer({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr(MakeCodec().id), HasSubstr(other_id)));
  EXPECT_EQ(server.num_infer_calls, 1);
}

TEST(ServerClientTest, OtherRefusalsAreNotRetried) {
  for (const grpc::StatusCode code :
       {grpc::INVALID_ARGUMENT, grpc::DATA_LOSS, grpc::RESOURCE_EXHAUSTED}) {
    TestServer server;
    server.infer = [&](auto...) { return Refuse(code); };
    const auto client = server.Connect();
    ASSERT_TRUE(client.ok()) << client.status();
    const absl::Status status = (*client)->Infer({}).status();
    EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code));
    EXPECT_EQ(Message(status), "no, thank you");
    EXPECT_EQ(server.num_infer_calls, 1);
  }
}

TEST(ServerClientTest, CodeInTheResponseIsAnError) {
  TestServer server;
  server.infer = [](auto*, const auto&, auto* response) {
    response->set_code(grpc::DATA_LOSS);
    response->set_message("frame is damaged");
    return grpc::Status::OK;
  };
  const auto client = server.Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->Infer({}).status(),
            absl::DataLossError("frame is damaged"));
}

TEST(ServerClientTest, AnswerToAnotherRequestIsAnError) {
  TestServer server;
  server.infer = [](auto*, const auto&, auto* response) {
    response->set_sequence(8);
    return grpc::Status::OK;
  };
  const auto client = server.Connect();
  ASSERT_TRUE(client.ok()) << client.status();
  v1::InferRequest request;
  request.set_sequence(7);
  EXPECT_EQ((*client)->Infer(request).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace sluice::device
