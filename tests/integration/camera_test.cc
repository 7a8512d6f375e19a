// The real sluice-device with live sources against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/vision/picture.h"
#include "nlohmann/json.hpp"
#include "tests/integration/mjpeg_server.h"
#include "tests/integration/process.h"
#include "tests/integration/served_zoo.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::MjpegServer;
using ::testing::Not;

constexpr int kLimitSeconds = 60;
constexpr char kTestPicture[] =
    "gst:videotestsrc is-live=true ! "
    "video/x-raw,width=320,height=240,framerate=30/1";

std::vector<uint8_t> MakeJpeg() {
  const vision::Picture picture{
      cv::Mat(240, 320, CV_8UC3, cv::Scalar(40, 90, 200))};
  return *vision::EncodePicture(picture, vision::PictureFormat::kJpeg, 90);
}

bool HasVideoTestSource() {
  return cv::VideoCapture("videotestsrc num-buffers=1 ! appsink",
                          cv::CAP_GSTREAMER)
      .isOpened();
}

class CameraTest : public testing::ServedZooTest {
 protected:
  static testing::Process StartDevice(
      const std::vector<std::string>& arguments,
      const std::string& address = server_->address()) {
    // The limit is generous, for a machine that is busy with other tests.
    std::vector<std::string> command = {
        SLUICE_DEVICE,       "--server", address,      "--codec",
        work_ / "zoo/codec", "--json",   "--deadline", "20000"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return testing::Process(command, work_ / "log", work_ / "out");
  }

  static std::string Log() { return testing::ReadText(work_ / "log"); }

  // The complete lines so far.
  static std::vector<nlohmann::json> Results() {
    std::vector<nlohmann::json> results;
    const std::string text = testing::ReadText(work_ / "out");
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
      results.push_back(nlohmann::json::parse(line));
    }
    return results;
  }

  // False when it does not come true in time, or the device has ended.
  static bool WaitFor(testing::Process* device,
                      const std::function<bool()>& is_true) {
    const auto limit =
        std::chrono::steady_clock::now() + std::chrono::seconds(kLimitSeconds);
    while (!is_true()) {
      if (!device->IsRunning() || std::chrono::steady_clock::now() > limit) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  static bool WaitForResults(testing::Process* device, size_t count) {
    return WaitFor(device, [count] { return Results().size() >= count; });
  }
  static bool WaitForLog(testing::Process* device, const std::string& text) {
    return WaitFor(device,
                   [&] { return Log().find(text) != std::string::npos; });
  }

  static size_t CountInLog(const std::string& text) {
    const std::string log = Log();
    size_t count = 0;
    for (size_t at = log.find(text); at != std::string::npos;
         at = log.find(text, at + 1)) {
      ++count;
    }
    return count;
  }

  // Ends the device as a person or a service manager does.
  static int Stop(testing::Process* device, int signal = SIGTERM) {
    device->Signal(signal);
    return device->Wait(kLimitSeconds);
  }

  static void ExpectEveryPictureIsAccountedFor() {
    uint64_t next = 0;
    for (const nlohmann::json& result : Results()) {
      EXPECT_TRUE(result.contains("results")) << result;
      EXPECT_EQ(result["sequence"], next + result["dropped"].get<uint64_t>());
      next = result["sequence"].get<uint64_t>() + 1;
    }
  }
};

TEST_F(CameraTest, PipelineRunsUntilASignal) {
  if (!HasVideoTestSource()) {
    GTEST_SKIP() << "gstreamer1.0-plugins-base is not installed";
  }
  for (const int signal : {SIGTERM, SIGINT}) {
    testing::Process device = StartDevice({kTestPicture});
    EXPECT_TRUE(WaitForResults(&device, 10)) << Log();
    EXPECT_EQ(Stop(&device, signal), 0) << Log();
    ExpectEveryPictureIsAccountedFor();
    EXPECT_EQ(Results()[0]["source"], kTestPicture);
    EXPECT_EQ(Results()[0]["view"]["source_width"], 320);
  }
}

TEST_F(CameraTest, MaxFpsHoldsWithoutCountingDrops) {
  if (!HasVideoTestSource()) {
    GTEST_SKIP() << "gstreamer1.0-plugins-base is not installed";
  }
  const auto start = std::chrono::steady_clock::now();
  testing::Process device = StartDevice({"--max-fps", "5", kTestPicture});
  EXPECT_TRUE(WaitForResults(&device, 11)) << Log();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(Stop(&device), 0) << Log();
  ExpectEveryPictureIsAccountedFor();
}

TEST_F(CameraTest, MotionJpegIsWatchedIntoAVideo) {
  MjpegServer camera(MakeJpeg());
  const fs::path file = work_ / "watch.mp4";
  testing::Process device = StartDevice({"--save", file, camera.url()});
  EXPECT_TRUE(WaitForResults(&device, 20)) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
  ExpectEveryPictureIsAccountedFor();
  cv::VideoCapture video(file.string(), cv::CAP_FFMPEG);
  cv::Mat frame;
  EXPECT_TRUE(video.read(frame));
}

TEST_F(CameraTest, FrozenCameraIsOpenedAnewWithOneLineEach) {
  MjpegServer camera(MakeJpeg());
  testing::Process device = StartDevice({"--watchdog", "3", camera.url()});
  ASSERT_TRUE(WaitForResults(&device, 3)) << Log();
  camera.Set(MjpegServer::Mode::kFreeze);
  ASSERT_TRUE(WaitForLog(&device, "lost " + camera.url())) << Log();
  camera.Set(MjpegServer::Mode::kPlay);
  ASSERT_TRUE(WaitForLog(&device, "frames of " + camera.url() + " again"))
      << Log();
  EXPECT_TRUE(WaitForResults(&device, Results().size() + 3)) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
  EXPECT_EQ(CountInLog("lost "), 1u) << Log();
  EXPECT_EQ(CountInLog(" again\n"), 2u) << Log();  // "trying again", too.
  ExpectEveryPictureIsAccountedFor();
}

TEST_F(CameraTest, CameraThatGoesAwayCanStillBeStopped) {
  MjpegServer camera(MakeJpeg());
  testing::Process device = StartDevice({camera.url()});
  ASSERT_TRUE(WaitForResults(&device, 3)) << Log();
  camera.Set(MjpegServer::Mode::kRefuse);
  ASSERT_TRUE(WaitForLog(&device, "lost " + camera.url())) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
}

TEST_F(CameraTest, CameraOutlivesARestartOfTheServer) {
  fs::create_directories(work_ / "mortal");
  const std::vector<std::string> flags = {"--default-tail", "one"};
  auto server = std::make_unique<testing::ServerProcess>(
      work_ / "zoo", work_ / "mortal", flags);
  ASSERT_FALSE(server->address().empty()) << server->log();
  const std::string address = server->address();
  MjpegServer camera(MakeJpeg());
  testing::Process device = StartDevice({camera.url()}, address);
  ASSERT_TRUE(WaitForResults(&device, 3)) << Log();
  server->process().Signal(SIGKILL);
  server->process().Wait(kLimitSeconds);
  ASSERT_TRUE(WaitForLog(&device, "lost")) << Log();
  fs::remove(work_ / "mortal/port");
  server = std::make_unique<testing::ServerProcess>(
      work_ / "zoo", work_ / "mortal", flags, address);
  ASSERT_FALSE(server->address().empty()) << server->log();
  const size_t num_before = Results().size();
  EXPECT_TRUE(WaitFor(&device, [&] {
    const std::vector<nlohmann::json> results = Results();
    return results.size() > num_before + 3 &&
           results.back().contains("results");
  })) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
}

TEST_F(CameraTest, CameraWaitsForAServerThatStartsLater) {
  fs::create_directories(work_ / "late");
  const std::vector<std::string> flags = {"--default-tail", "one"};
  auto server = std::make_unique<testing::ServerProcess>(work_ / "zoo",
                                                         work_ / "late", flags);
  const std::string address = server->address();
  ASSERT_FALSE(address.empty()) << server->log();
  server.reset();
  MjpegServer camera(MakeJpeg());
  testing::Process device = StartDevice({camera.url()}, address);
  ASSERT_TRUE(WaitForLog(&device, "trying again")) << Log();
  fs::remove(work_ / "late/port");
  server = std::make_unique<testing::ServerProcess>(
      work_ / "zoo", work_ / "late", flags, address);
  ASSERT_FALSE(server->address().empty()) << server->log();
  EXPECT_TRUE(WaitForResults(&device, 3)) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
  ExpectEveryPictureIsAccountedFor();
}

TEST_F(CameraTest, CameraThatWaitsForAServerCanBeStopped) {
  MjpegServer camera(MakeJpeg());
  testing::Process device = StartDevice({camera.url()}, "127.0.0.1:1");
  ASSERT_TRUE(WaitForLog(&device, "trying again")) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
}

TEST_F(CameraTest, RtspIsAnsweredAndItsPasswordIsNotShown) {
  fs::remove(work_ / "url");
  testing::Process camera({RTSP_SERVER, work_ / "url"}, work_ / "rtsp.log");
  WaitFor(&camera, [] { return fs::exists(work_ / "url"); });
  if (!camera.IsRunning()) {
    GTEST_SKIP() << "python3-gi and gir1.2-gst-rtsp-server-1.0 are needed";
  }
  testing::Process device = StartDevice({testing::ReadText(work_ / "url")});
  EXPECT_TRUE(WaitForResults(&device, 10)) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
  ExpectEveryPictureIsAccountedFor();
  EXPECT_THAT(Results()[0]["source"].get<std::string>(),
              Not(HasSubstr("secret")));
  EXPECT_THAT(Log(), Not(HasSubstr("secret")));
}

TEST_F(CameraTest, MissingCameraIsSix) {
  testing::Process device = StartDevice({"v4l2:///dev/no-such-camera"});
  EXPECT_EQ(device.Wait(kLimitSeconds), 6);
  EXPECT_THAT(Log(), HasSubstr("v4l2:///dev/no-such-camera"));
}

TEST_F(CameraTest, CameraBesideFilesIsBadUsage) {
  testing::Process device = StartDevice({kTestPicture, "a.jpg"});
  EXPECT_EQ(device.Wait(kLimitSeconds), 2);
  EXPECT_THAT(Log(), HasSubstr("one sluice-device per camera"));
}

TEST_F(CameraTest, LoopEndsWellByASignal) {
  const std::vector<uint8_t> jpeg = MakeJpeg();
  const std::string picture =
      scratch_->Write("loop.jpg", std::string(jpeg.begin(), jpeg.end()));
  testing::Process device = StartDevice({"--loop", picture});
  EXPECT_TRUE(WaitForResults(&device, 5)) << Log();
  EXPECT_EQ(Stop(&device), 0) << Log();
  ExpectEveryPictureIsAccountedFor();
}

TEST_F(CameraTest, FilesCutShortByASignalAreAFailure) {
  const std::vector<uint8_t> jpeg = MakeJpeg();
  const std::string picture =
      scratch_->Write("loop.jpg", std::string(jpeg.begin(), jpeg.end()));
  testing::Process device =
      StartDevice({"--max-fps", "0.1", picture, picture, picture});
  EXPECT_TRUE(WaitForResults(&device, 1)) << Log();
  EXPECT_EQ(Stop(&device), 1);
  EXPECT_THAT(Log(), HasSubstr("stopped before the last picture"));
}

}  // namespace
}  // namespace sluice
