#include "device/server_link.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

v1::InferRequest Request(uint64_t sequence) {
  v1::InferRequest request;
  request.set_sequence(sequence);
  return request;
}

// Answers everything.
grpc::Status Accept(grpc::ServerContext*, const v1::InferRequest&,
                    v1::InferResponse*) {
  return grpc::Status::OK;
}

TestServer::InferFunction Refuse(grpc::StatusCode code) {
  return [code](auto...) { return grpc::Status(code, "no, thank you"); };
}

// What a link reports, in order.
class Reports {
 public:
  OnAnswer on_answer() {
    return [this](uint64_t sequence, absl::StatusOr<Answer> answer) {
      base::MutexLock lock(mutex_);
      sequences_.push_back(sequence);
      statuses_.push_back(answer.status());
      changed_.NotifyAll();
    };
  }
  OnState on_state() {
    return [this](const std::string& line) {
      base::MutexLock lock(mutex_);
      states_.push_back(line);
      changed_.NotifyAll();
    };
  }

  std::vector<uint64_t> sequences() {
    base::MutexLock lock(mutex_);
    return sequences_;
  }
  std::vector<absl::Status> statuses() {
    base::MutexLock lock(mutex_);
    return statuses_;
  }
  std::vector<std::string> states() {
    base::MutexLock lock(mutex_);
    return states_;
  }
  void WaitForAnswers(size_t count) {
    base::MutexLock lock(mutex_);
    while (sequences_.size() < count) changed_.Wait(mutex_);
  }
  void WaitForStates(size_t count) {
    base::MutexLock lock(mutex_);
    while (states_.size() < count) changed_.Wait(mutex_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<uint64_t> sequences_;
  std::vector<absl::Status> statuses_;
  std::vector<std::string> states_;
};

// What is expected of a run that lost nothing.
void ExpectEachAnsweredOnce(Reports* reports, uint64_t count) {
  const std::vector<uint64_t> sequences = reports->sequences();
  ASSERT_THAT(sequences, SizeIs(count));
  for (uint64_t i = 0; i < count; ++i) EXPECT_EQ(sequences[i], i);
  for (const absl::Status& status : reports->statuses()) {
    EXPECT_TRUE(status.ok()) << status;
  }
}

class ServerLinkTest : public ::testing::Test {
 protected:
  ServerLinkTest() {
    server_.emplace("unix:" + sockets_.File("socket"));
    server_->infer = &Accept;
    options_ = server_->link_options();
  }

  absl::StatusOr<std::unique_ptr<ServerLink>> Start() {
    return ServerLink::Start(options_, reports_.on_answer(),
                             reports_.on_state());
  }
  absl::Status StartError() { return Start().status(); }

  // Ends the server and starts another one in its place.
  void Restart() {
    const std::string address = server_->address();
    server_->Kill();
    server_.emplace(address);
    server_->infer = &Accept;
  }

  const artifact::CodecArtifact codec_ = MakeCodec();
  const ScratchDirectory sockets_;
  Reports reports_;
  std::optional<TestServer> server_;
  LinkOptions options_;
};

TEST_F(ServerLinkTest, EveryRequestIsAnsweredOnceAndInOrder) {
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  for (uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE((*link)->Send(Request(i)).ok());
    EXPECT_LE(i + 1 - reports_.sequences().size(), 2u);
  }
  EXPECT_TRUE((*link)->Finish().ok());
  ExpectEachAnsweredOnce(&reports_, 200);
  EXPECT_THAT(reports_.states(), SizeIs(1));
  EXPECT_EQ(server_->num_stream_calls, 1);
}

TEST_F(ServerLinkTest, RequestsCarryTheDeadline) {
  std::atomic<uint32_t> timeout_ms = 0;
  server_->infer = [&](auto*, const v1::InferRequest& request, auto*) {
    timeout_ms = request.timeout_ms();
    return grpc::Status::OK;
  };
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  EXPECT_EQ(timeout_ms, 5000u);
}

TEST_F(ServerLinkTest, NothingSentIsFinishedAtOnce) {
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_TRUE((*link)->Finish().ok());
  EXPECT_EQ((*link)->Send(Request(0)).code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(reports_.sequences(), IsEmpty());
}

TEST_F(ServerLinkTest, AddressesAreChecked) {
  for (const char* address :
       {"", "localhost", "localhost:", ":50051", "host:0", "host:65536",
        "host:-1", "host:http", "http://host:1", "a/b:1", "unix:relative"}) {
    options_.addresses = {server_->address(), address};
    EXPECT_EQ(StartError().code(), absl::StatusCode::kInvalidArgument)
        << address;
    EXPECT_THAT(Message(StartError()),
                AllOf(HasSubstr("HOST:PORT"), HasSubstr("--server")));
  }
  options_.addresses = {};
  EXPECT_EQ(StartError().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(CheckAddress("127.0.0.1:50051").ok());
  EXPECT_TRUE(CheckAddress("[::1]:50051").ok());
}

TEST_F(ServerLinkTest, NoServerSaysAddressAndWhatToDo) {
  server_->Kill();
  EXPECT_EQ(StartError().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(StartError()), AllOf(HasSubstr(options_.addresses[0]),
                                           HasSubstr("sluice-server --models"),
                                           HasSubstr("--server")));
}

TEST_F(ServerLinkTest, OtherCodecNamesBothIds) {
  // The same in short form.
  const std::string other_id = "00c0ffee" + std::string(56, 'b');
  server_->models.mutable_codecs(0)->set_id(other_id);
  EXPECT_EQ(StartError().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(StartError()),
              AllOf(HasSubstr(codec_.id), HasSubstr(other_id)));
  server_->models.Clear();
  EXPECT_EQ(StartError().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ServerLinkTest, CoderThatDisagreesIsAMismatch) {
  v1::CodecInfo* codec = server_->models.mutable_codecs(0);
  codec->set_known_symbols_crc32c(codec->known_symbols_crc32c() + 1);
  EXPECT_EQ(StartError().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(StartError()), HasSubstr(codec_.id));
  codec->clear_known_frame();
  EXPECT_EQ(StartError().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ServerLinkTest, UnknownTailIsNotFoundAndListsTheOthers) {
  options_.needs.tails = {"brightness", "flavour"};
  EXPECT_EQ(StartError().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(StartError()),
              AllOf(HasSubstr("'flavour'"), HasSubstr("brightness")));
}

TEST_F(ServerLinkTest, MissingDefaultTailIsNotFound) {
  server_->models.mutable_tails(0)->set_is_default(false);
  EXPECT_EQ(StartError().code(), absl::StatusCode::kNotFound);
  options_.needs.tails = {"brightness"};
  EXPECT_TRUE(Start().ok());
}

TEST_F(ServerLinkTest, TailOfAnotherCodecIsAMismatch) {
  const std::string other_id(64, 'b');
  server_->models.mutable_tails(0)->set_codec_ids(0, other_id);
  EXPECT_EQ(StartError().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(StartError()),
              AllOf(HasSubstr(codec_.id), HasSubstr(other_id)));
}

TEST_F(ServerLinkTest, RefusalsPassAndTheStreamLivesOn) {
  for (const grpc::StatusCode code :
       {grpc::INVALID_ARGUMENT, grpc::DATA_LOSS, grpc::RESOURCE_EXHAUSTED}) {
    server_->infer = Refuse(code);
    Reports reports;
    auto link =
        ServerLink::Start(options_, reports.on_answer(), reports.on_state());
    ASSERT_TRUE(link.ok()) << link.status();
    for (uint64_t i = 0; i < 3; ++i) {
      ASSERT_TRUE((*link)->Send(Request(i)).ok());
    }
    EXPECT_TRUE((*link)->Finish().ok());
    ASSERT_THAT(reports.statuses(), SizeIs(3));
    for (const absl::Status& status : reports.statuses()) {
      EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code));
      EXPECT_EQ(Message(status), "no, thank you");
    }
    EXPECT_THAT(reports.states(), SizeIs(1));
  }
}

TEST_F(ServerLinkTest, LateAnswerNamesTheFlag) {
  server_->infer = Refuse(grpc::DEADLINE_EXCEEDED);
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  EXPECT_THAT(Message(reports_.statuses()[0]),
              HasSubstr("5000 ms (--deadline)"));
}

TEST_F(ServerLinkTest, RequestOverTheServersLimitIsNotSent) {
  server_->models.mutable_limits()->set_max_message_bytes(1000);
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  v1::InferRequest large = Request(1);
  large.set_frame(std::string(1000, 'x'));
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  ASSERT_TRUE((*link)->Send(large).ok());
  ASSERT_TRUE((*link)->Send(Request(2)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  EXPECT_THAT(reports_.sequences(), ::testing::ElementsAre(0, 1, 2));
  EXPECT_EQ(reports_.statuses()[1].code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(reports_.statuses()[2].ok());
  EXPECT_EQ(server_->num_infer_calls, 2);
}

TEST_F(ServerLinkTest, BusyServerIsAskedAgainWhenNothingMayBeLost) {
  server_->infer_stream = [](auto*, TestServer::Stream* stream) {
    v1::InferRequest request;
    for (int i = 0; stream->Read(&request); ++i) {
      v1::InferResponse response;
      response.set_sequence(request.sequence());
      if (i < 3) {
        response.set_code(grpc::RESOURCE_EXHAUSTED);
        response.set_retry_after_ms(5);
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  };
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  for (uint64_t i = 0; i < 4; ++i) ASSERT_TRUE((*link)->Send(Request(i)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  ExpectEachAnsweredOnce(&reports_, 4);
}

TEST_F(ServerLinkTest, RefusedCodecIsListedOnceMoreAndTriedAgain) {
  server_->infer = [&](auto*, const auto&, auto*) {
    return server_->num_infer_calls == 1
               ? grpc::Status(grpc::FAILED_PRECONDITION, "who are you?")
               : grpc::Status::OK;
  };
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  ExpectEachAnsweredOnce(&reports_, 1);
  EXPECT_EQ(server_->num_list_calls, 2);
}

TEST_F(ServerLinkTest, CodecThatIsRefusedTwiceIsTheAnswer) {
  server_->infer = Refuse(grpc::FAILED_PRECONDITION);
  for (const bool lossless : {true, false}) {
    options_.lossless = lossless;
    Reports reports;
    auto link =
        ServerLink::Start(options_, reports.on_answer(), reports.on_state());
    ASSERT_TRUE(link.ok()) << link.status();
    ASSERT_TRUE((*link)->Send(Request(0)).ok());
    reports.WaitForAnswers(1);
    EXPECT_EQ(reports.statuses()[0].code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

TEST_F(ServerLinkTest, CodecChangedUnderWayIsFinalAndNamesBothIds) {
  const std::string other_id(64, 'b');
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  server_->models.mutable_codecs(0)->set_id(other_id);
  server_->infer = Refuse(grpc::FAILED_PRECONDITION);
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  reports_.WaitForAnswers(1);
  const absl::Status final_error = (*link)->Finish();
  EXPECT_EQ(final_error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(final_error),
              AllOf(HasSubstr(codec_.id), HasSubstr(other_id)));
  EXPECT_EQ(reports_.statuses()[0], final_error);
  EXPECT_EQ((*link)->Send(Request(1)), final_error);
}

TEST_F(ServerLinkTest, RestartedServerAnswersWhatTheFirstOneLeft) {
  server_->infer = [](auto*, const v1::InferRequest& request, auto*) {
    return request.sequence() < 3 ? grpc::Status::OK
                                  : grpc::Status(grpc::UNAVAILABLE, "draining");
  };
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  std::thread sender([&] {
    for (uint64_t i = 0; i < 20; ++i) {
      EXPECT_TRUE((*link)->Send(Request(i)).ok());
    }
  });
  reports_.WaitForAnswers(3);
  Restart();
  sender.join();
  EXPECT_TRUE((*link)->Finish().ok());
  ExpectEachAnsweredOnce(&reports_, 20);
  EXPECT_THAT(reports_.states(), Contains(HasSubstr("lost")));
}

TEST_F(ServerLinkTest, LiveLinkFailsAtOnceWhileAwayAndComesBack) {
  absl::Notification request_is_there;
  absl::Notification server_is_gone;
  server_->infer = [&](auto...) {
    request_is_there.Notify();
    server_is_gone.WaitForNotification();
    return grpc::Status::OK;
  };
  options_.lossless = false;
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  request_is_there.WaitForNotification();
  std::thread killer([&] { server_->Kill(); });
  reports_.WaitForAnswers(1);
  EXPECT_EQ(reports_.statuses()[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ((*link)->Send(Request(1)).code(), absl::StatusCode::kUnavailable);
  server_is_gone.Notify();
  killer.join();
  Restart();
  reports_.WaitForStates(3);
  EXPECT_TRUE((*link)->Send(Request(2)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  EXPECT_THAT(reports_.sequences(), ::testing::ElementsAre(0, 2));
  EXPECT_TRUE(reports_.statuses()[1].ok());
}

TEST_F(ServerLinkTest, LiveLinkStartsWithoutAServerAndFindsItLater) {
  options_.lossless = false;
  server_->Kill();
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_THAT(reports_.states()[0],
              AllOf(HasSubstr(server_->address()), HasSubstr("trying again")));
  EXPECT_EQ((*link)->Send(Request(0)).code(), absl::StatusCode::kUnavailable);
  Restart();
  reports_.WaitForStates(2);
  EXPECT_TRUE((*link)->Send(Request(1)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  EXPECT_THAT(reports_.sequences(), ::testing::ElementsAre(1));
}

TEST_F(ServerLinkTest, LiveLinkThatNeverFindsAServerCanBeFinished) {
  options_.lossless = false;
  server_->Kill();
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_TRUE((*link)->Finish().ok());
  link->reset();
  EXPECT_THAT(reports_.sequences(), IsEmpty());
}

TEST_F(ServerLinkTest, LiveLinkStartsWithNoServerOfAnotherCodec) {
  options_.lossless = false;
  server_->models.mutable_codecs(0)->set_id(std::string(64, 'b'));
  EXPECT_EQ(StartError().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ServerLinkTest, FrozenServerIsLeftForTheNext) {
  absl::Notification test_is_done;
  server_->infer = [&](auto...) {
    test_is_done.WaitForNotification();
    return grpc::Status::OK;
  };
  TestServer other;
  other.infer = &Accept;
  options_.addresses.push_back(other.address());
  options_.deadline = milliseconds(50);
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE((*link)->Send(Request(i)).ok());
  EXPECT_TRUE((*link)->Finish().ok());
  test_is_done.Notify();
  ExpectEachAnsweredOnce(&reports_, 5);
  ASSERT_THAT(reports_.states(), SizeIs(3));
  EXPECT_THAT(reports_.states()[1],
              AllOf(HasSubstr("1050 ms"), HasSubstr(server_->address())));
  EXPECT_THAT(reports_.states()[2], HasSubstr(other.address()));
  EXPECT_EQ(other.num_infer_calls, 5);
}

TEST_F(ServerLinkTest, StartsWithTheFirstServerThatFits) {
  TestServer unfit;
  unfit.models.Clear();
  options_.addresses = {"unix:/nowhere/socket", unfit.address(),
                        server_->address()};
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_THAT(reports_.states()[0], HasSubstr(server_->address()));
  server_->Kill();
  options_.addresses = {unfit.address(), server_->address()};
  const absl::Status status = StartError();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(status),
              AllOf(HasSubstr(unfit.address()), HasSubstr(server_->address())));
}

TEST_F(ServerLinkTest, GivesUpWhenNoServerComesBack) {
  options_.give_up_after = milliseconds(300);
  server_->infer = [&](auto...) {
    return grpc::Status(grpc::UNAVAILABLE, "draining");
  };
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  server_->Kill();
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  reports_.WaitForAnswers(1);
  EXPECT_EQ(reports_.statuses()[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message((*link)->Finish()), HasSubstr("--give-up-after"));
  EXPECT_THAT(reports_.sequences(), SizeIs(1));
}

TEST_F(ServerLinkTest, ServerThatAnswersSomethingElseIsGivenUp) {
  options_.give_up_after = milliseconds(300);
  for (const bool asked : {true, false}) {
    server_->infer_stream = [&](auto*, TestServer::Stream* stream) {
      v1::InferRequest request;
      if (asked) stream->Read(&request);
      v1::InferResponse response;
      response.set_sequence(8);
      stream->Write(response);
      stream->Read(&request);
      return grpc::Status::OK;
    };
    Reports reports;
    auto link =
        ServerLink::Start(options_, reports.on_answer(), reports.on_state());
    ASSERT_TRUE(link.ok()) << link.status();
    static_cast<void>((*link)->Send(Request(7)));
    EXPECT_EQ((*link)->Finish().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(reports.states(), Contains(HasSubstr("lost")));
    for (const absl::Status& status : reports.statuses()) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    }
  }
}

TEST_F(ServerLinkTest, ClosingTheLinkAnswersTheRestWithCancelled) {
  absl::Notification link_is_gone;
  server_->infer = [&](auto...) {
    link_is_gone.WaitForNotification();
    return grpc::Status::OK;
  };
  auto link = Start();
  ASSERT_TRUE(link.ok()) << link.status();
  ASSERT_TRUE((*link)->Send(Request(0)).ok());
  ASSERT_TRUE((*link)->Send(Request(1)).ok());
  link->reset();
  link_is_gone.Notify();
  ASSERT_THAT(reports_.sequences(), SizeIs(2));
  EXPECT_EQ(reports_.statuses()[1].code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace sluice::device
