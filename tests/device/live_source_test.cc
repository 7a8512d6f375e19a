#include "device/live_source.h"

#include <atomic>
#include <future>

#include "common/base/bounded_queue.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Frames come when the test says so; closing the queue breaks the camera.
struct Script {
  base::BoundedQueue<absl::StatusOr<vision::Picture>> frames{100};
  std::atomic<int> num_read = 0;
};

class ScriptedCamera : public Camera {
 public:
  explicit ScriptedCamera(std::shared_ptr<Script> script)
      : script_(std::move(script)) {}

  absl::Status Grab() override {
    auto frame = script_->frames.Pop();
    if (!frame) return absl::UnavailableError("unplugged");
    frame_ = *std::move(frame);
    return absl::OkStatus();
  }
  absl::StatusOr<vision::Picture> Retrieve() override {
    ++script_->num_read;
    return frame_;
  }
  double frame_rate() const override { return 30; }

 private:
  std::shared_ptr<Script> script_;
  absl::StatusOr<vision::Picture> frame_;
};

class LiveSourceTest : public ::testing::Test {
 protected:
  // Plugs in a camera with one frame; each opening takes the next script.
  std::shared_ptr<Script> Plug() {
    auto script = std::make_shared<Script>();
    script->frames.Push(MakePicture(8, 8));
    cameras_.Push(script);
    return script;
  }

  absl::StatusOr<std::unique_ptr<LiveSource>> Open(
      SourceOptions options = {.watchdog = milliseconds(60000)}) {
    return LiveSource::Open(
        "cam", [this] { return OpenNext(); }, options,
        [this](const std::string& line) { lines_.push_back(line); });
  }

  absl::StatusOr<std::unique_ptr<Camera>> OpenNext() {
    ++num_opened_;
    auto script = cameras_.PopUntil(std::chrono::steady_clock::now());
    if (!script) return absl::UnavailableError("not there");
    return std::make_unique<ScriptedCamera>(*script);
  }

  base::BoundedQueue<std::shared_ptr<Script>> cameras_{10};
  std::atomic<int> num_opened_ = 0;
  std::vector<std::string> lines_;
};

TEST_F(LiveSourceTest, FramesComeWithNameNumberAndTime) {
  auto script = Plug();
  const auto before = std::chrono::system_clock::now();
  const auto source = Open();
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE((*source)->is_live());
  const SourcePicture first = *(*source)->Next();
  EXPECT_EQ(first.source, "cam");
  EXPECT_EQ(first.sequence, 0u);
  EXPECT_EQ(first.frame_rate, 30);
  EXPECT_GE(first.captured, before);
  EXPECT_TRUE(first.picture.ok());
  script->frames.Push(MakePicture(8, 8));
  EXPECT_EQ((*source)->Next()->sequence, 1u);
  script->frames.Close();
}

TEST_F(LiveSourceTest, NewestFrameReplacesOlderOnes) {
  auto script = Plug();
  const auto source = Open();
  ASSERT_TRUE(source.ok()) << source.status();
  for (int i = 0; i < 5; ++i) script->frames.Push(MakePicture(8, 8));
  // The camera stays open, waiting for its seventh frame.
  while (script->num_read < 6) std::this_thread::yield();
  EXPECT_EQ((*source)->Next()->sequence, 0u);  // Read by Open().
  uint64_t sequence = (*source)->Next()->sequence;
  // The sixth frame may not have reached the queue when the fifth was taken.
  if (sequence == 4) sequence = (*source)->Next()->sequence;
  EXPECT_EQ(sequence, 5u);
  script->frames.Close();
}

TEST_F(LiveSourceTest, CameraThatCannotBeOpenedIsUnavailable) {
  const auto source = Open();
  EXPECT_EQ(source.status(), absl::UnavailableError("cam: not there"));
  EXPECT_EQ(num_opened_, 1);
}

TEST_F(LiveSourceTest, CameraWithoutAFrameIsUnavailable) {
  auto script = std::make_shared<Script>();
  cameras_.Push(script);
  std::thread late([&] { script->frames.Close(); });
  const auto source = Open();
  EXPECT_EQ(source.status(), absl::UnavailableError("cam: unplugged"));
  late.join();
}

TEST_F(LiveSourceTest, BrokenCameraIsOpenedAnewWithOneLineEach) {
  auto script = Plug();
  const auto source = Open();
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->Next()->sequence, 0u);
  auto second = Plug();
  script->frames.Close();
  EXPECT_EQ((*source)->Next()->sequence, 1u);
  EXPECT_THAT(lines_, ElementsAre("lost cam: unplugged; trying again",
                                  "frames of cam again"));
  second->frames.Close();
}

TEST_F(LiveSourceTest, HangingCameraIsGivenUpByTheWatchdog) {
  auto hanging = Plug();
  const auto source = Open({.watchdog = milliseconds(50)});
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->Next()->sequence, 0u);
  auto second = Plug();
  EXPECT_EQ((*source)->Next()->sequence, 1u);
  ASSERT_FALSE(lines_.empty());
  EXPECT_EQ(lines_[0], "lost cam: no frame for 50 ms; trying again");
  hanging->frames.Close();
  second->frames.Close();
}

TEST_F(LiveSourceTest, DamagedFrameIsReportedAndTheNextOneComes) {
  auto script = Plug();
  const auto source = Open();
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE((*source)->Next()->picture.ok());
  script->frames.Push(absl::DataLossError("torn"));
  EXPECT_EQ((*source)->Next()->picture.status(), absl::DataLossError("torn"));
  script->frames.Push(MakePicture(8, 8));
  EXPECT_TRUE((*source)->Next()->picture.ok());
  script->frames.Close();
}

TEST_F(LiveSourceTest, FramesBeyondTheRateAreNotCounted) {
  auto script = Plug();
  const auto source = Open({.max_fps = 0.001, .watchdog = milliseconds(60000)});
  ASSERT_TRUE(source.ok()) << source.status();
  for (int i = 0; i < 5; ++i) script->frames.Push(MakePicture(8, 8));
  auto second = Plug();
  script->frames.Close();
  EXPECT_EQ((*source)->Next()->sequence, 0u);
  EXPECT_EQ((*source)->Next()->sequence, 1u);  // The second camera's first.
  EXPECT_EQ(script->num_read, 1);
  second->frames.Close();
}

TEST_F(LiveSourceTest, StopEndsAWaitingNext) {
  auto script = Plug();
  const auto source = Open();
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE((*source)->Next().has_value());
  auto next = std::async([&] { return (*source)->Next().has_value(); });
  (*source)->Stop();
  script->frames.Close();
  EXPECT_FALSE(next.get());
  EXPECT_THAT(lines_, ElementsAre());
}

}  // namespace
}  // namespace sluice::device
