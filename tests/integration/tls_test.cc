// A server with a certificate of scripts/make-test-ca, and who may talk to it.
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/wire/credentials.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "server/server.h"
#include "tests/scratch_folder.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

namespace fs = std::filesystem;

int MakeTestCa(const fs::path& folder, const std::string& names = "") {
  const std::string command = std::string(SLUICE_SOURCE_DIR) +
                              "/scripts/make-test-ca " + folder.string() + " " +
                              names + " > /dev/null 2>&1";
  return system(command.c_str());
}

ModelStore MakeStore() {
  std::vector<LoadedCodec> codecs;
  codecs.push_back(MakeTestCodec("codec-a", 'a'));
  std::vector<LoadedTail> tails;
  tails.push_back(
      MakeTestTail("mean", {TestCodecId('a')}, std::make_unique<MeanTail>()));
  return ModelStore::Create(std::move(codecs), std::move(tails), "").value();
}

class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<testing::ScratchFolder>();
    ASSERT_EQ(MakeTestCa(*scratch_ / "ours"), 0);
    ASSERT_EQ(MakeTestCa(*scratch_ / "other"), 0);
    auto credentials = wire::MakeServerCredentials(
        *scratch_ / "ours/server.pem", *scratch_ / "ours/server.key");
    ASSERT_TRUE(credentials.ok()) << credentials.status();
    Server::Options options;
    options.listen = {"127.0.0.1", 0};
    options.credentials = *std::move(credentials);
    auto server = Server::Start(MakeStore(), options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  static void TearDownTestSuite() {
    server_.reset();
    scratch_.reset();
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }

  static grpc::Status Stream(
      const std::string& address,
      const std::shared_ptr<grpc::ChannelCredentials>& credentials,
      const std::string& name = "") {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (!name.empty()) arguments.SetSslTargetNameOverride(name);
    const auto stub = v1::Inference::NewStub(
        grpc::CreateCustomChannel(address, credentials, arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    const auto stream = stub->InferStream(&context);
    stream->Write(FrameRequest(MakeTestFrame('a', 4, 4, 1.0f)));
    stream->WritesDone();
    v1::InferResponse response;
    while (stream->Read(&response)) EXPECT_EQ(response.code(), 0u);
    return stream->Finish();
  }

  static std::shared_ptr<grpc::ChannelCredentials> Trust(const char* folder) {
    return wire::MakeChannelCredentials(*scratch_ / folder / "ca.pem").value();
  }

  static inline std::unique_ptr<testing::ScratchFolder> scratch_;
  static inline std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, ClientThatTrustsTheCaIsServed) {
  const grpc::Status status = Stream(server_->address(), Trust("ours"));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(TlsTest, NameOfTheCertificateMayBeGiven) {
  const grpc::Status status =
      Stream(server_->address(), Trust("ours"), "localhost");
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(TlsTest, ClientThatTrustsAnotherCaRefusesTheServer) {
  EXPECT_EQ(Stream(server_->address(), Trust("other")).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, CertificateForAnotherNameIsRefused) {
  EXPECT_EQ(Stream(server_->address(), Trust("ours"), "camera-server.example")
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, PlaintextClientIsRefused) {
  EXPECT_EQ(Stream(server_->address(), grpc::InsecureChannelCredentials())
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, TlsClientRefusesAPlaintextServer) {
  Server::Options options;
  options.listen = {"127.0.0.1", 0};
  const auto plaintext = Server::Start(MakeStore(), options);
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(Stream((*plaintext)->address(), Trust("ours")).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, PrivateKeyIsItsOwnersAlone) {
  const fs::perms mode =
      fs::status(*scratch_ / "ours/server.key").permissions();
  EXPECT_EQ(mode & (fs::perms::group_all | fs::perms::others_all),
            fs::perms::none);
}

TEST_F(TlsTest, MakeTestCaOverwritesNothing) {
  EXPECT_NE(MakeTestCa(*scratch_ / "ours"), 0);
  const grpc::Status status = Stream(server_->address(), Trust("ours"));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(TlsTest, MakeTestCaRefusesWhatIsNoName) {
  EXPECT_NE(MakeTestCa(*scratch_ / "bad", "'a,DNS:b'"), 0);
  EXPECT_FALSE(fs::exists(*scratch_ / "bad"));
}

}  // namespace
}  // namespace sluice::server
