// The real sluice-device while servers restart, freeze, die and come back, and
// with nothing but a cache to start from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/vision/picture.h"
#include "nlohmann/json.hpp"
#include "tests/integration/process.h"
#include "tests/integration/served_zoo.h"
#include "tests/model/tiny_models.h"
#include "tests/wire/test_certificates.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kLimitSeconds = 90;
constexpr size_t kNumPictures = 400;

class AwayAndBackTest : public testing::ServedZooTest {
 protected:
  static std::string WritePicture() {
    const vision::Picture picture{
        cv::Mat(64, 96, CV_8UC3, cv::Scalar(40, 90, 200))};
    const std::vector<uint8_t> bytes =
        *vision::EncodePicture(picture, vision::PictureFormat::kJpeg, 90);
    return scratch_->Write("cat.jpg", bytes);
  }

  static std::unique_ptr<testing::ServerProcess> StartServer(
      const std::string& name, const std::string& listen = "127.0.0.1:0",
      const std::vector<std::string>& flags = {}) {
    fs::create_directories(work_ / name);
    fs::remove(work_ / name / "port");
    auto server = std::make_unique<testing::ServerProcess>(
        work_ / "zoo", work_ / name, flags, listen);
    EXPECT_FALSE(server->address().empty()) << server->log();
    return server;
  }

  static std::vector<std::string> CommandLine(
      const std::string& servers, const std::vector<std::string>& flags,
      size_t num_pictures) {
    std::vector<std::string> command = {SLUICE_DEVICE, "--server", servers,
                                        "--json",      "--view",   "fit:64x64",
                                        "--threads",   "1"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), num_pictures, WritePicture());
    return command;
  }

  // A device that sends kNumPictures pictures.
  static std::unique_ptr<testing::Process> StartDevice(
      const std::string& servers, std::vector<std::string> flags = {}) {
    flags.insert(flags.end(), {"--codec", work_ / "zoo/codec"});
    return std::make_unique<testing::Process>(
        CommandLine(servers, flags, kNumPictures), work_ / "log",
        work_ / "out");
  }

  // A device that was given no codec and sends a directory of kNumPictures.
  static std::unique_ptr<testing::Process> StartProvisionedDevice(
      const std::string& server, const std::vector<std::string>& flags = {}) {
    const std::string picture = testing::ReadText(WritePicture());
    for (size_t i = 0; i < kNumPictures; ++i) {
      scratch_->Write("pictures/" + std::to_string(1000 + i) + ".jpg", picture);
    }
    std::vector<std::string> command = CommandLine(server, flags, 0);
    command.insert(command.end(),
                   {"--cache", work_ / "cache", work_ / "pictures"});
    return std::make_unique<testing::Process>(command, work_ / "log",
                                              work_ / "out");
  }

  // Puts a server with another codec into the place of `server`; its id.
  static std::string Replace(std::unique_ptr<testing::ServerProcess>* server,
                             const std::string& name) {
    const fs::path zoo = work_ / "other_zoo";
    fs::create_directories(zoo);
    const auto id = testing::WriteTinyCodec(zoo / "codec", 7);
    EXPECT_TRUE(id.ok()) << id.status();
    EXPECT_TRUE(testing::WriteTinyTail(zoo / "one", "one", *id, 2).ok());
    const std::string address = (*server)->address();
    (*server)->process().Signal(SIGKILL);
    (*server)->process().Wait(kLimitSeconds);
    fs::remove(work_ / name / "port");
    *server = std::make_unique<testing::ServerProcess>(
        zoo, work_ / name, std::vector<std::string>{}, address);
    EXPECT_FALSE((*server)->address().empty()) << (*server)->log();
    return *id;
  }

  // Runs a device over one picture and returns the exit code.
  static int RunDevice(const std::string& servers,
                       const std::vector<std::string>& flags) {
    testing::Process device(CommandLine(servers, flags, 1), work_ / "log",
                            work_ / "out");
    return device.Wait(kLimitSeconds);
  }

  static std::string Log() { return testing::ReadText(work_ / "log"); }

  static void WaitForAnswers(testing::Process* device) {
    while (device->IsRunning() &&
           testing::ReadText(work_ / "out").size() < 2000) {
      std::this_thread::yield();
    }
    ASSERT_TRUE(device->IsRunning()) << Log();
  }

  static void WaitForLog(testing::Process* device, const std::string& text) {
    while (device->IsRunning() && Log().find(text) == std::string::npos) {
      std::this_thread::yield();
    }
    ASSERT_TRUE(device->IsRunning()) << Log();
  }

  // Every picture has been answered once, in order.
  static void ExpectNothingLost(testing::Process* device) {
    EXPECT_EQ(device->Wait(kLimitSeconds), 0) << Log();
    std::istringstream text(testing::ReadText(work_ / "out"));
    size_t sequence = 0;
    for (std::string line; std::getline(text, line); ++sequence) {
      const nlohmann::json result = nlohmann::json::parse(line);
      EXPECT_EQ(result["sequence"], sequence);
      EXPECT_TRUE(result.contains("results")) << line;
    }
    EXPECT_EQ(sequence, kNumPictures);
  }
};

TEST_F(AwayAndBackTest, FilesOutliveAServerThatRestarts) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    auto server = StartServer("restarting");
    const std::string address = server->address();
    auto device = StartDevice(address, {"--deadline", "10000"});
    WaitForAnswers(device.get());
    server->process().Signal(signal);
    server->process().Wait(kLimitSeconds);
    WaitForLog(device.get(), "lost " + address);
    server = StartServer("restarting", address);
    ExpectNothingLost(device.get());
  }
}

TEST_F(AwayAndBackTest, FilesOutliveAServerThatFreezes) {
  auto server = StartServer("freezing");
  auto device = StartDevice(server->address(), {"--deadline", "4000"});
  WaitForAnswers(device.get());
  server->process().Signal(SIGSTOP);
  WaitForLog(device.get(), "5000 ms");
  server->process().Signal(SIGCONT);
  ExpectNothingLost(device.get());
}

TEST_F(AwayAndBackTest, NextServerTakesOverFromOneThatFreezesOrDies) {
  for (const int signal : {SIGSTOP, SIGKILL}) {
    auto first = StartServer("first");
    auto device = StartDevice(first->address() + "," + server_->address(),
                              {"--deadline", "4000"});
    WaitForAnswers(device.get());
    first->process().Signal(signal);
    ExpectNothingLost(device.get());
    EXPECT_THAT(Log(), AllOf(HasSubstr("lost " + first->address()),
                             HasSubstr("connected to " + server_->address())));
  }
}

TEST_F(AwayAndBackTest, ServerWithAnotherCodecInItsPlaceIsFive) {
  const std::vector<std::string> by_folder = {"--codec", work_ / "zoo/codec"};
  const std::vector<std::string> by_id = {"--cache", work_ / "cache",
                                          "--codec-id", codec_id_};
  for (const std::vector<std::string>& told : {by_folder, by_id}) {
    auto server = StartServer("replaced");
    testing::Process device(CommandLine(server->address(), told, kNumPictures),
                            work_ / "log", work_ / "out");
    WaitForAnswers(&device);
    const std::string other = Replace(&server, "replaced");
    EXPECT_EQ(device.Wait(kLimitSeconds), 5) << Log();
    EXPECT_THAT(Log(), AllOf(HasSubstr(codec_id_), HasSubstr(other)));
  }
}

TEST_F(AwayAndBackTest, ProvisionedFilesGoOnWithTheCodecThatTheServerHasNow) {
  auto server = StartServer("renewed");
  auto device = StartProvisionedDevice(server->address());
  WaitForAnswers(device.get());
  const std::string other = Replace(&server, "renewed");
  ExpectNothingLost(device.get());
  EXPECT_THAT(Log(),
              AllOf(HasSubstr("fetching codec " + other),
                    HasSubstr("codec changed: " + codec_id_.substr(0, 8) +
                              " -> " + other.substr(0, 8))));
}

TEST_F(AwayAndBackTest, CodecThatCannotBeFetchedAgainIsFiveAndNamesBothIds) {
  auto server = StartServer("unfetchable");
  auto device = StartProvisionedDevice(server->address());
  WaitForAnswers(device.get());
  fs::remove_all(work_ / "cache");
  scratch_->Write("cache", std::string_view("no folder"));
  const std::string other = Replace(&server, "unfetchable");
  EXPECT_EQ(device->Wait(kLimitSeconds), 5) << Log();
  EXPECT_THAT(Log(), AllOf(HasSubstr(codec_id_), HasSubstr(other),
                           HasSubstr("--cache")));
  fs::remove(work_ / "cache");
}

TEST_F(AwayAndBackTest, EmptyDiskIsFilledOnceAndBootsWithoutAServer) {
  fs::remove_all(work_ / "cache");
  auto server = StartServer("provisioning");
  const std::vector<std::string> flags = {"--cache", work_ / "cache"};
  EXPECT_EQ(RunDevice(server->address(), flags), 0) << Log();
  EXPECT_THAT(Log(), HasSubstr("fetching codec " + codec_id_));
  EXPECT_TRUE(fs::exists(work_ / "cache" / codec_id_ / "codec.json"));
  EXPECT_FALSE(fs::exists(work_ / "cache" / codec_id_ / "decoder.safetensors"));
  EXPECT_EQ(RunDevice(server->address(), flags), 0) << Log();
  EXPECT_THAT(Log(), Not(HasSubstr("fetching")));

  server->process().Signal(SIGTERM);
  server->process().Wait(kLimitSeconds);
  EXPECT_EQ(RunDevice(server->address(), flags), 4) << Log();
  EXPECT_THAT(Log(), HasSubstr("starting with codec"));
  server = StartServer("provisioning", server->address());
  EXPECT_EQ(RunDevice(server->address(),
                      {"--cache", work_ / "cache", "--codec-id", codec_id_}),
            0)
      << Log();
}

TEST_F(AwayAndBackTest, CodecThatTheServerLacksIsFiveAndNamesIt) {
  const std::string id(64, 'b');
  EXPECT_EQ(RunDevice(server_->address(),
                      {"--cache", work_ / "unused", "--codec-id", id}),
            5);
  EXPECT_THAT(Log(), AllOf(HasSubstr(id), HasSubstr(codec_id_)));
}

TEST_F(AwayAndBackTest, CacheThatCannotBeWrittenIsThree) {
  scratch_->Write("in_the_way", std::string_view("no folder"));
  EXPECT_EQ(RunDevice(server_->address(), {"--cache", work_ / "in_the_way"}),
            3);
  EXPECT_THAT(Log(), HasSubstr("--cache"));
}

TEST_F(AwayAndBackTest, PlaintextToAnotherMachineIsRefused) {
  EXPECT_EQ(RunDevice("192.0.2.1:1", {"--codec", work_ / "zoo/codec"}), 2);
  EXPECT_THAT(Log(), AllOf(HasSubstr("192.0.2.1:1"), HasSubstr("--insecure")));
}

TEST_F(AwayAndBackTest, TlsServesAndProvisionsThoseThatTrustIt) {
  const testing::TestCertificate ours;
  const testing::TestCertificate other;
  auto server = StartServer(
      "tls", "127.0.0.1:0",
      {"--tls-cert", ours.certificate(), "--tls-key", ours.private_key()});
  const std::string cache = work_ / "tls_cache";
  EXPECT_EQ(RunDevice(server->address(),
                      {"--cache", cache, "--tls-ca", ours.certificate()}),
            0)
      << Log();
  EXPECT_EQ(RunDevice(server->address(),
                      {"--cache", cache, "--tls-ca", ours.certificate(),
                       "--tls-name", "localhost"}),
            0)
      << Log();
  const std::string codec = work_ / "zoo/codec";
  EXPECT_EQ(RunDevice(server->address(),
                      {"--codec", codec, "--tls-ca", other.certificate()}),
            4);
  EXPECT_EQ(RunDevice(server->address(),
                      {"--codec", codec, "--tls-ca", ours.certificate(),
                       "--tls-name", "elsewhere"}),
            4);
  EXPECT_EQ(RunDevice(server->address(), {"--codec", codec}), 4);
  EXPECT_EQ(RunDevice(server->address(),
                      {"--codec", codec, "--tls-ca", work_ / "missing.pem"}),
            2);
  EXPECT_THAT(Log(), HasSubstr("missing.pem"));
}

}  // namespace
}  // namespace sluice
