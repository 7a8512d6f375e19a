// The real sluice-device against a real server: answers and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <opencv2/core.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/vision/picture.h"
#include "nlohmann/json.hpp"
#include "tests/integration/process.h"
#include "tests/integration/served_zoo.h"
#include "tests/model/tiny_models.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kLimitSeconds = 60;

class DeviceProgramTest : public testing::ServedZooTest {
 protected:
  static std::string WritePicture(const std::string& name, int width,
                                  int height) {
    const vision::Picture picture{
        cv::Mat(height, width, CV_8UC3, cv::Scalar(40, 90, 200))};
    const std::vector<uint8_t> bytes =
        *vision::EncodePicture(picture, vision::PictureFormat::kJpeg, 90);
    return WriteFile(name, {bytes.begin(), bytes.end()});
  }

  static std::string WriteFile(const std::string& name,
                               const std::string& bytes) {
    return scratch_->Write("pictures/" + name, bytes);
  }

  static std::vector<std::string> CommandLine(
      const std::vector<std::string>& arguments, const std::string& address,
      const fs::path& codec) {
    std::vector<std::string> command = {SLUICE_DEVICE, "--server", address,
                                        "--codec",     codec,      "--json"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  // Blocks of random colours: the more of them, the more bytes.
  static std::string WriteBlocks(const std::string& name, int num_blocks) {
    cv::Mat bgr(256, 256, CV_8UC3);
    cv::RNG random(1);
    for (int i = 0; i < num_blocks; ++i) {
      bgr(cv::Rect(i % 16 * 16, i / 16 * 16, 16, 16)) =
          cv::Scalar(random.uniform(0, 256), random.uniform(0, 256),
                     random.uniform(0, 256));
    }
    const std::vector<uint8_t> bytes =
        *vision::EncodePicture({bgr}, vision::PictureFormat::kPng, 90);
    return WriteFile(name, {bytes.begin(), bytes.end()});
  }

  // Runs the device to its end and returns the exit code.
  static int RunDevice(const std::vector<std::string>& arguments,
                       const std::string& address = server_->address(),
                       const fs::path& codec = work_ / "zoo/codec") {
    testing::Process device(CommandLine(arguments, address, codec),
                            work_ / "log", work_ / "out");
    return device.Wait(kLimitSeconds);
  }

  static std::string Log() { return testing::ReadText(work_ / "log"); }

  static std::vector<nlohmann::json> Results() {
    std::vector<nlohmann::json> results;
    std::istringstream text(testing::ReadText(work_ / "out"));
    for (std::string line; std::getline(text, line);) {
      results.push_back(nlohmann::json::parse(line));
    }
    return results;
  }
};

TEST_F(DeviceProgramTest, PicturesOfAnySizeAreAnswered) {
  EXPECT_EQ(RunDevice({"--tails", "one", "--compare-jpeg", "75",
                       WritePicture("cat.jpg", 200, 100),
                       WritePicture("dot.jpg", 1, 1),
                       WritePicture("huge.jpg", 8000, 6000)}),
            0)
      << Log();
  const std::vector<nlohmann::json> results = Results();
  ASSERT_THAT(results, SizeIs(3));
  for (const nlohmann::json& result : results) {
    EXPECT_GT(result["frame_bytes"], 0);
    EXPECT_GT(result["wire_bytes"], result["frame_bytes"]);
    EXPECT_GT(result["jpeg_bytes"], 0);
    EXPECT_GT(result["timings_ms"]["server_total"], 0);
    EXPECT_GE(result["timings_ms"]["network"], 0);
    EXPECT_EQ(result["results"][0]["tail"], "one");
    EXPECT_THAT(result["results"][0]["top"], SizeIs(5));
  }
}

TEST_F(DeviceProgramTest, PixelsAreAnsweredByTheSameTail) {
  EXPECT_EQ(RunDevice({"--send", "pixels", "--pixel-format", "webp",
                       WritePicture("cat.jpg", 200, 100)}),
            0)
      << Log();
  const std::vector<nlohmann::json> results = Results();
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0]["image_format"], "webp");
  EXPECT_EQ(results[0]["results"][0]["tail"], "one");
}

TEST_F(DeviceProgramTest, EachPictureGetsTheHighestRateWithinTheCap) {
  std::vector<std::string> pictures;
  for (const int num_blocks : {0, 32, 64, 96, 128, 160, 192, 256}) {
    pictures.push_back(
        WriteBlocks(absl::StrCat("blocks", num_blocks, ".png"), num_blocks));
  }
  const auto run = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--view", "fit:128x128", "--deadline", "30000"});
    flags.insert(flags.end(), pictures.begin(), pictures.end());
    return RunDevice(flags);
  };
  std::vector<std::vector<size_t>> bytes(testing::kTinyRates);  // By rate.
  for (int rate = 0; rate < testing::kTinyRates; ++rate) {
    ASSERT_EQ(run({"--rate", absl::StrCat(rate)}), 0) << Log();
    for (const auto& result : Results()) {
      bytes[rate].push_back(result["frame_bytes"]);
    }
    ASSERT_THAT(bytes[rate], SizeIs(pictures.size()));
  }
  std::vector<size_t> lowest = bytes[0];
  std::sort(lowest.begin(), lowest.end());
  for (const size_t cap : {lowest[4], lowest[4] - 1, lowest[7]}) {
    const bool all_fit = cap >= lowest[7];
    EXPECT_EQ(run({"--max-bytes", absl::StrCat(cap)}), all_fit ? 0 : 1);
    const std::vector<nlohmann::json> results = Results();
    ASSERT_THAT(results, SizeIs(pictures.size()));
    for (size_t i = 0; i < results.size(); ++i) {
      SCOPED_TRACE(results[i].dump());
      const int rate = bytes[1][i] <= cap ? 1 : bytes[0][i] <= cap ? 0 : -1;
      if (rate >= 0) {
        EXPECT_EQ(results[i]["rate"], rate);
        EXPECT_EQ(results[i]["frame_bytes"], bytes[rate][i]);
        EXPECT_EQ(results[i]["results"][0]["tail"], "one");
      } else {
        EXPECT_EQ(results[i]["error"]["code"], "RESOURCE_EXHAUSTED");
      }
    }
  }
}

TEST_F(DeviceProgramTest, BadFilesAreReportedBetweenGoodOnes) {
  EXPECT_EQ(
      RunDevice({WriteFile("empty.jpg", ""), WritePicture("cat.jpg", 200, 100),
                 WriteFile("notes.txt", "no picture"), work_ / "missing.jpg"}),
      1)
      << Log();
  const std::vector<nlohmann::json> results = Results();
  ASSERT_THAT(results, SizeIs(4));
  EXPECT_EQ(results[0]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_TRUE(results[1].contains("results"));
  EXPECT_EQ(results[2]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(results[3]["error"]["code"], "NOT_FOUND");
}

TEST_F(DeviceProgramTest, BadUsageIsTwo) {
  const std::string picture = WritePicture("cat.jpg", 200, 100);
  EXPECT_EQ(RunDevice({"--colour", picture}), 2);
  EXPECT_EQ(RunDevice({"--view", "zoom", picture}), 2);
  EXPECT_EQ(RunDevice({}), 2);
  EXPECT_EQ(RunDevice({picture}, "nowhere"), 2);
  EXPECT_EQ(RunDevice({"--rate", "2", picture}), 2);
  EXPECT_THAT(Log(), HasSubstr("expected 0 to 1"));
  EXPECT_EQ(RunDevice({"--tails", "three", picture}), 2);
  EXPECT_THAT(Log(), AllOf(HasSubstr("'three'"), HasSubstr("one")));
}

TEST_F(DeviceProgramTest, MissingOrDamagedCodecIsThree) {
  const std::string picture = WritePicture("cat.jpg", 200, 100);
  EXPECT_EQ(RunDevice({picture}, server_->address(), work_ / "nowhere"), 3);
  EXPECT_THAT(Log(), HasSubstr("--codec"));

  const fs::path damaged = work_ / "damaged";
  fs::copy(work_ / "zoo/codec", damaged);
  const fs::path weights = damaged / "encoder.safetensors";
  fs::resize_file(weights, fs::file_size(weights) / 2);
  EXPECT_EQ(RunDevice({picture}, server_->address(), damaged), 3);
  EXPECT_THAT(Log(), HasSubstr("encoder.safetensors"));
}

TEST_F(DeviceProgramTest, NoServerIsFour) {
  EXPECT_EQ(RunDevice({WritePicture("cat.jpg", 200, 100)}, "127.0.0.1:1"), 4);
  EXPECT_THAT(Log(),
              AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("sluice-server")));
  EXPECT_THAT(Results(), IsEmpty());
}

TEST_F(DeviceProgramTest, OtherCodecIsFiveAndNamesBothIds) {
  const auto other = testing::WriteTinyCodec(work_ / "other", 7);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(RunDevice({WritePicture("cat.jpg", 200, 100)}, server_->address(),
                      work_ / "other"),
            5);
  EXPECT_THAT(Log(), AllOf(HasSubstr(codec_id_), HasSubstr(*other)));
}

TEST_F(DeviceProgramTest, DeadlineTooShortIsOneAndNamesTheFlag) {
  EXPECT_EQ(RunDevice({"--deadline", "1", "--view", "fit:1024x1024",
                       WritePicture("cat.jpg", 200, 100)}),
            1)
      << Log();
  const std::vector<nlohmann::json> results = Results();
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0]["error"]["code"], "DEADLINE_EXCEEDED");
  EXPECT_THAT(results[0]["error"]["message"].get<std::string>(),
              HasSubstr("--deadline"));
}

TEST_F(DeviceProgramTest, ServerKilledUnderWayIsFour) {
  fs::create_directories(work_ / "victim");
  testing::ServerProcess victim(work_ / "zoo", work_ / "victim");
  ASSERT_FALSE(victim.address().empty()) << victim.log();
  const std::string picture = WritePicture("cat.jpg", 200, 100);
  std::vector<std::string> arguments(5000, picture);
  arguments.insert(arguments.begin(), {"--give-up-after", "1"});
  testing::Process device(
      CommandLine(arguments, victim.address(), work_ / "zoo/codec"),
      work_ / "log", work_ / "out");
  while (device.IsRunning() && testing::ReadText(work_ / "out").empty()) {
    std::this_thread::yield();
  }
  victim.process().Signal(SIGKILL);
  EXPECT_EQ(device.Wait(kLimitSeconds), 4) << Log();
  const std::vector<nlohmann::json> results = Results();
  ASSERT_FALSE(results.empty());
  EXPECT_EQ(results.back()["error"]["code"], "UNAVAILABLE");
}

}  // namespace
}  // namespace sluice
