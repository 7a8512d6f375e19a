#include "device/annotated_video.h"

#include "device/video_reader.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::system_clock::time_point kStart{};

struct Watched {
  int num_frames = 0;
  double frame_rate = 0;
  vision::Size size;
};

Watched Watch(const std::string& file) {
  Watched watched;
  auto video = VideoReader::Open(file);
  EXPECT_TRUE(video.ok()) << video.status();
  if (!video.ok()) return watched;
  watched.frame_rate = video->frame_rate();
  while (auto frame = *video->Next()) {
    ++watched.num_frames;
    watched.size = frame->size();
  }
  return watched;
}

TEST(AnnotatedVideoTest, VideosAreToldByTheirExtension) {
  EXPECT_TRUE(IsVideoFile("a/b.mp4"));
  EXPECT_TRUE(IsVideoFile("b.AVI"));
  EXPECT_FALSE(IsVideoFile("b.mkv"));
  EXPECT_FALSE(IsVideoFile("mp4"));
}

TEST(AnnotatedVideoTest, EveryPictureComesOnceAtTheSourcesRate) {
  ScratchDirectory dir;
  for (const char* name : {"a.mp4", "a.avi"}) {
    AnnotatedVideo video(dir.File(name), VideoTime::kEveryPicture);
    for (int i = 0; i < 7; ++i) {
      ASSERT_TRUE(video.Add(MakePicture(65, 47), 25, kStart).ok());
    }
    ASSERT_TRUE(video.Finish().ok());
    const Watched watched = Watch(dir.File(name));
    EXPECT_EQ(watched.num_frames, 7);
    EXPECT_EQ(watched.frame_rate, 25);
    EXPECT_EQ(watched.size, (vision::Size{64, 46}));
  }
}

TEST(AnnotatedVideoTest, CapturedPicturesStayUntilTheNext) {
  ScratchDirectory dir;
  AnnotatedVideo video(dir.File("a.avi"), VideoTime::kAsCaptured);
  // Half a second, then an hour, which is cut to two seconds.
  for (const milliseconds at :
       {milliseconds(0), milliseconds(500), milliseconds(3600500)}) {
    ASSERT_TRUE(video.Add(MakePicture(64, 48), 10, kStart + at).ok());
  }
  ASSERT_TRUE(video.Finish().ok());
  EXPECT_EQ(Watch(dir.File("a.avi")).num_frames, 26);
}

TEST(AnnotatedVideoTest, PicturesFasterThanTheVideoAreLeftOut) {
  ScratchDirectory dir;
  AnnotatedVideo video(dir.File("a.avi"), VideoTime::kAsCaptured);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        video.Add(MakePicture(64, 48), 10, kStart + milliseconds(10 * i)).ok());
  }
  ASSERT_TRUE(video.Finish().ok());
  EXPECT_EQ(Watch(dir.File("a.avi")).num_frames, 10);
}

TEST(AnnotatedVideoTest, ClockThatIsSetBackDoesNotStopIt) {
  ScratchDirectory dir;
  AnnotatedVideo video(dir.File("a.avi"), VideoTime::kAsCaptured);
  for (const milliseconds at :
       {milliseconds(0), milliseconds(-3600000), milliseconds(-3599000)}) {
    ASSERT_TRUE(video.Add(MakePicture(64, 48), 10, kStart + at).ok());
  }
  ASSERT_TRUE(video.Finish().ok());
  EXPECT_EQ(Watch(dir.File("a.avi")).num_frames, 11);
}

TEST(AnnotatedVideoTest, PicturesOfOtherSizesAreFittedIn) {
  ScratchDirectory dir;
  AnnotatedVideo video(dir.File("a.avi"), VideoTime::kEveryPicture);
  for (const vision::Size size :
       {vision::Size{64, 48}, vision::Size{8, 8}, vision::Size{3000, 10}}) {
    ASSERT_TRUE(
        video.Add(MakePicture(size.width, size.height), 0, kStart).ok());
  }
  ASSERT_TRUE(video.Finish().ok());
  const Watched watched = Watch(dir.File("a.avi"));
  EXPECT_EQ(watched.num_frames, 3);
  EXPECT_EQ(watched.size, (vision::Size{64, 48}));
  EXPECT_EQ(watched.frame_rate, AnnotatedVideo::kDefaultFrameRate);
}

TEST(AnnotatedVideoTest, FileThatCannotBeWrittenIsAnError) {
  ScratchDirectory dir;
  AnnotatedVideo video(dir.File("no/such/a.avi"), VideoTime::kEveryPicture);
  EXPECT_EQ(video.Add(MakePicture(64, 48), 10, kStart).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AnnotatedVideoTest, NoPicturesNoFile) {
  ScratchDirectory dir;
  AnnotatedVideo video(dir.File("a.avi"), VideoTime::kEveryPicture);
  EXPECT_TRUE(video.Finish().ok());
  EXPECT_FALSE(std::filesystem::exists(dir.File("a.avi")));
}

}  // namespace
}  // namespace sluice::device
