#include "device/file_source.h"

#include <sys/stat.h>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<SourcePicture> ReadAll(const std::vector<std::string>& inputs) {
  FileSource source(inputs, {});
  std::vector<SourcePicture> items;
  while (std::optional<SourcePicture> item = source.Next()) {
    EXPECT_EQ(item->sequence, items.size());
    items.push_back(*std::move(item));
  }
  return items;
}

std::vector<std::string> Sources(const std::vector<SourcePicture>& items) {
  std::vector<std::string> sources;
  for (const SourcePicture& item : items) sources.push_back(item.source);
  return sources;
}

absl::Status StatusOfOnly(const std::string& input) {
  const std::vector<SourcePicture> items = ReadAll({input});
  EXPECT_THAT(Sources(items), ElementsAre(input));
  return items.empty() ? absl::OkStatus() : items[0].picture.status();
}

void WriteVideo(const std::string& file, int num_frames) {
  cv::VideoWriter writer(file, cv::CAP_FFMPEG,
                         cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 10,
                         cv::Size(64, 48));
  ASSERT_TRUE(writer.isOpened());
  for (int i = 0; i < num_frames; ++i) writer.write(MakePicture(64, 48).bgr);
}

TEST(FileSourceTest, NoInputsYieldNothing) {
  EXPECT_THAT(ReadAll({}), IsEmpty());
}

TEST(FileSourceTest, FileIsDecoded) {
  ScratchDirectory dir;
  const std::vector<SourcePicture> items =
      ReadAll({dir.WriteJpeg("cat.jpg", 40, 30)});
  ASSERT_EQ(items.size(), 1u);
  ASSERT_TRUE(items[0].picture.ok()) << items[0].picture.status();
  EXPECT_EQ(items[0].picture->size(), (vision::Size{40, 30}));
  EXPECT_GT(items[0].read_ms, 0);
}

TEST(FileSourceTest, PictureNeedsNoExtension) {
  ScratchDirectory dir;
  EXPECT_TRUE(StatusOfOnly(dir.WriteJpeg("cat", 40, 30)).ok());
}

TEST(FileSourceTest, MissingFileIsNotFound) {
  ScratchDirectory dir;
  EXPECT_EQ(StatusOfOnly(dir.File("none.jpg")).code(),
            absl::StatusCode::kNotFound);
}

TEST(FileSourceTest, ZeroByteFileIsAnError) {
  ScratchDirectory dir;
  EXPECT_EQ(StatusOfOnly(dir.Write("empty.jpg", "")).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(StatusOfOnly(dir.Write("empty", "")).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(StatusOfOnly(dir.Write("empty.mp4", "")).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(FileSourceTest, TextIsNoPicture) {
  ScratchDirectory dir;
  for (const char* name : {"notes.txt", "notes.jpg", "notes.mp4"}) {
    EXPECT_EQ(StatusOfOnly(dir.Write(name, "not a picture at all")).code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

TEST(FileSourceTest, PipeIsRefusedInsteadOfWaitedFor) {
  ScratchDirectory dir;
  ASSERT_EQ(mkfifo(dir.File("pipe.jpg").c_str(), 0600), 0);
  EXPECT_EQ(StatusOfOnly(dir.File("pipe.jpg")).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(FileSourceTest, BadFileDoesNotStopTheNext) {
  ScratchDirectory dir;
  const std::vector<SourcePicture> items =
      ReadAll({dir.Write("bad.jpg", "bad"), dir.WriteJpeg("good.jpg", 8, 8)});
  ASSERT_EQ(items.size(), 2u);
  EXPECT_FALSE(items[0].picture.ok());
  EXPECT_TRUE(items[1].picture.ok());
}

TEST(FileSourceTest, DirectoryYieldsItsPicturesSorted) {
  ScratchDirectory dir;
  dir.WriteJpeg("b.JPG", 8, 8);
  dir.WriteJpeg("a.jpeg", 8, 8);
  dir.Write("notes.txt", "no picture");
  dir.WriteJpeg("nested/c.jpg", 8, 8);
  const std::vector<SourcePicture> items = ReadAll({dir.path()});
  EXPECT_THAT(Sources(items),
              ElementsAre(dir.File("a.jpeg"), dir.File("b.JPG")));
}

TEST(FileSourceTest, EmptyDirectoryIsAnError) {
  ScratchDirectory dir;
  const absl::Status status = StatusOfOnly(dir.path());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("directory"));
}

TEST(FileSourceTest, DirectoryOfOtherFilesIsAnError) {
  ScratchDirectory dir;
  dir.Write("notes.txt", "no picture");
  EXPECT_EQ(StatusOfOnly(dir.path()).code(), absl::StatusCode::kNotFound);
}

TEST(FileSourceTest, DanglingLinkInADirectoryIsLeftOut) {
  ScratchDirectory dir;
  dir.WriteJpeg("a.jpg", 8, 8);
  std::filesystem::create_symlink("nowhere", dir.File("b.jpg"));
  EXPECT_THAT(Sources(ReadAll({dir.path()})), ElementsAre(dir.File("a.jpg")));
}

TEST(FileSourceTest, PatternIsExpandedSorted) {
  ScratchDirectory dir;
  dir.WriteJpeg("b.jpg", 8, 8);
  dir.WriteJpeg("a.jpg", 8, 8);
  dir.Write("notes.txt", "no picture");
  EXPECT_THAT(Sources(ReadAll({dir.File("*.jpg")})),
              ElementsAre(dir.File("a.jpg"), dir.File("b.jpg")));
}

TEST(FileSourceTest, PatternWithoutMatchIsNotFound) {
  ScratchDirectory dir;
  EXPECT_EQ(StatusOfOnly(dir.File("*.jpg")).code(),
            absl::StatusCode::kNotFound);
}

TEST(FileSourceTest, FileNamedLikeAPatternIsThatFile) {
  ScratchDirectory dir;
  dir.WriteJpeg("a.jpg", 8, 8);
  EXPECT_TRUE(StatusOfOnly(dir.WriteJpeg("[a].jpg", 8, 8)).ok());
}

TEST(FileSourceTest, VideoYieldsItsFrames) {
  ScratchDirectory dir;
  const std::string file = dir.File("clip.avi");
  WriteVideo(file, 3);
  const std::vector<SourcePicture> items = ReadAll({file});
  EXPECT_THAT(Sources(items),
              ElementsAre(file + "#0", file + "#1", file + "#2"));
  for (const SourcePicture& item : items) {
    ASSERT_TRUE(item.picture.ok()) << item.picture.status();
    EXPECT_EQ(item.picture->size(), (vision::Size{64, 48}));
  }
}

TEST(FileSourceTest, VideoOfUnknownExtensionIsRecognized) {
  ScratchDirectory dir;
  WriteVideo(dir.File("clip.avi"), 1);
  const std::string file = dir.File("clip.bin");
  std::filesystem::rename(dir.File("clip.avi"), file);
  EXPECT_THAT(Sources(ReadAll({file, dir.WriteJpeg("a.jpg", 8, 8)})),
              ElementsAre(file + "#0", dir.File("a.jpg")));
}

TEST(FileSourceTest, FramesOfAVideoDoNotShareMemory) {
  ScratchDirectory dir;
  WriteVideo(dir.File("clip.avi"), 2);
  const std::vector<SourcePicture> items = ReadAll({dir.File("clip.avi")});
  ASSERT_EQ(items.size(), 2u);
  EXPECT_NE(items[0].picture->bgr.data, items[1].picture->bgr.data);
}

TEST(FileSourceTest, VideoTellsItsFrameRate) {
  ScratchDirectory dir;
  WriteVideo(dir.File("clip.avi"), 1);
  EXPECT_EQ(ReadAll({dir.File("clip.avi")})[0].frame_rate, 10);
}

TEST(FileSourceTest, LoopBeginsAnew) {
  ScratchDirectory dir;
  WriteVideo(dir.File("clip.avi"), 2);
  FileSource source({dir.File("clip.avi"), dir.WriteJpeg("a.jpg", 8, 8)},
                    {.loop = true});
  std::vector<SourcePicture> items;
  for (int i = 0; i < 7; ++i) items.push_back(*source.Next());
  const std::string video = dir.File("clip.avi");
  EXPECT_THAT(
      Sources(items),
      ElementsAre(video + "#0", video + "#1", dir.File("a.jpg"), video + "#0",
                  video + "#1", dir.File("a.jpg"), video + "#0"));
  EXPECT_EQ(items.back().sequence, 6u);
}

TEST(FileSourceTest, LoopWithoutAnyPictureEnds) {
  ScratchDirectory dir;
  FileSource source({dir.File("none.jpg")}, {.loop = true});
  EXPECT_TRUE(source.Next().has_value());
  EXPECT_FALSE(source.Next().has_value());
}

TEST(FileSourceTest, StopEndsALoop) {
  ScratchDirectory dir;
  FileSource source({dir.WriteJpeg("a.jpg", 8, 8)}, {.loop = true});
  EXPECT_TRUE(source.Next().has_value());
  source.Stop();
  EXPECT_FALSE(source.Next().has_value());
}

TEST(FileSourceTest, MaxFpsSpacesPicturesOut) {
  ScratchDirectory dir;
  FileSource source({dir.WriteJpeg("a.jpg", 8, 8)},
                    {.max_fps = 50, .loop = true});
  const auto first = source.Next()->started;
  for (int i = 0; i < 4; ++i) source.Next();
  EXPECT_GE(source.Next()->started - first, std::chrono::milliseconds(80));
}

TEST(FileSourceTest, StopEndsTheWaitForTheNextPicture) {
  ScratchDirectory dir;
  FileSource source({dir.WriteJpeg("a.jpg", 8, 8)},
                    {.max_fps = 0.001, .loop = true});
  EXPECT_TRUE(source.Next().has_value());
  std::thread stopper([&] { source.Stop(); });
  EXPECT_FALSE(source.Next().has_value());
  stopper.join();
}

}  // namespace
}  // namespace sluice::device
