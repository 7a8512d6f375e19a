#include "device/annotated_output.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PictureReport MakeReport(const std::string& source) {
  PictureReport report;
  report.source = source;
  report.frame_bytes = 2000;
  report.results.push_back(
      {"imagenet", absl::OkStatus(), {{281, "tabby", 0.75f}}});
  return report;
}

std::set<std::string> FilesIn(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename());
  }
  return names;
}

TEST(AnnotatedOutputTest, SameNameFromTwoPlacesMakesTwoFiles) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.File("new/out"), "");
  ASSERT_TRUE(output.ok()) << output.status();
  for (const char* source :
       {"a/cat.jpg", "b/cat.jpg", "b/cat.png", "clip.mp4#7"}) {
    ASSERT_TRUE(output->Add(MakePicture(320, 240), MakeReport(source)).ok());
  }
  EXPECT_THAT(FilesIn(dir.File("new/out")),
              ElementsAre("cat-annotated-2.jpg", "cat-annotated-3.jpg",
                          "cat-annotated.jpg", "clip-7-annotated.jpg"));
}

TEST(AnnotatedOutputTest, InputsInTheSameDirectoryStayAsTheyAre) {
  ScratchDirectory dir;
  const std::string input = dir.WriteJpeg("cat.jpg", 320, 240);
  const auto size = std::filesystem::file_size(input);
  auto output = AnnotatedOutput::Create(dir.path(), "");
  ASSERT_TRUE(output.ok()) << output.status();
  ASSERT_TRUE(output->Add(MakePicture(320, 240), MakeReport(input)).ok());
  EXPECT_EQ(std::filesystem::file_size(input), size);
  EXPECT_THAT(FilesIn(dir.path()), ElementsAre("cat-annotated.jpg", "cat.jpg"));
}

TEST(AnnotatedOutputTest, CameraPicturesAreNamedByTheirNumber) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.path(), "");
  ASSERT_TRUE(output.ok()) << output.status();
  PictureReport report = MakeReport("rtsp://camera/stream");
  report.is_live = true;
  report.sequence = 17;
  ASSERT_TRUE(output->Add(MakePicture(320, 240), report).ok());
  EXPECT_THAT(FilesIn(dir.path()), ElementsAre("camera-17-annotated.jpg"));
}

TEST(AnnotatedOutputTest, LoopedFileKeepsItsName) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.path(), "");
  ASSERT_TRUE(output.ok()) << output.status();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        output->Add(MakePicture(320, 240), MakeReport("a/cat.jpg")).ok());
  }
  EXPECT_THAT(FilesIn(dir.path()), ElementsAre("cat-annotated.jpg"));
}

TEST(AnnotatedOutputTest, VideoIsWrittenInsteadOfPictures) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.File("watch.avi"), "");
  ASSERT_TRUE(output.ok()) << output.status();
  ASSERT_TRUE(output->Add(MakePicture(320, 240), MakeReport("cat.jpg")).ok());
  ASSERT_TRUE(output->Finish().ok());
  EXPECT_THAT(FilesIn(dir.path()), ElementsAre("watch.avi"));
}

TEST(AnnotatedOutputTest, SheetHoldsAllPictures) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create("", dir.File("sheet.png"));
  ASSERT_TRUE(output.ok()) << output.status();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(output->Add(MakePicture(320, 240), MakeReport("cat.jpg")).ok());
  }
  ASSERT_TRUE(output->Finish().ok());
  EXPECT_TRUE(vision::ReadPicture(dir.File("sheet.png")).ok());
}

TEST(AnnotatedOutputTest, NothingAskedNothingWritten) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create("", "");
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_TRUE(output->Add(MakePicture(32, 24), MakeReport("cat.jpg")).ok());
  EXPECT_TRUE(output->Finish().ok());
  EXPECT_THAT(FilesIn(dir.path()), IsEmpty());
}

TEST(AnnotatedOutputTest, NoPicturesNoSheet) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create("", dir.File("sheet.png"));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_TRUE(output->Finish().ok());
  EXPECT_THAT(FilesIn(dir.path()), IsEmpty());
}

TEST(AnnotatedOutputTest, FileInPlaceOfTheDirectoryIsAnError) {
  ScratchDirectory dir;
  const std::string file = dir.Write("out", "in the way");
  const auto output = AnnotatedOutput::Create(file, "");
  EXPECT_EQ(output.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(output.status().message()), HasSubstr(file));
}

TEST(AnnotatedOutputTest, SheetHasToBeAPng) {
  EXPECT_EQ(AnnotatedOutput::Create("", "sheet.gif").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AnnotatedOutputTest, SheetThatCannotBeWrittenIsAnError) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create("", dir.File("no/such/sheet.png"));
  ASSERT_TRUE(output.ok()) << output.status();
  ASSERT_TRUE(output->Add(MakePicture(32, 24), MakeReport("cat.jpg")).ok());
  EXPECT_FALSE(output->Finish().ok());
}

}  // namespace
}  // namespace sluice::device
