#include "device/annotated_output.h"

#include <algorithm>
#include <set>

#include "common/base/file_io.h"
#include "device/video_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PictureReport MakeReport(const std::string& source) {
  PictureReport report;
  report.source = source;
  report.frame_bytes = 2000;
  report.results.push_back({"imagenet", absl::OkStatus(),
                            std::vector<RankedLabel>{{281, "tabby", 0.75f}}});
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

LabelledMask MakeMask(std::vector<std::string> labels) {
  return {{{160, 120}, std::vector<uint8_t>(160 * 120, 1)}, std::move(labels)};
}

// What three tails say of one picture of 320 x 240 pixels.
PictureReport MakeFullReport(const std::string& source) {
  PictureReport report = MakeReport(source);
  report.results.push_back(
      {"fod", absl::OkStatus(),
       std::vector<LabelledBox>{{"Bolt", 0.9f, 3, {150, 50, 310, 200}}}});
  report.results.push_back(
      {"camvid", absl::OkStatus(), MakeMask({"sky", "road", "car"})});
  return report;
}

TEST(AnnotatedOutputTest, AllTailsShareOnePictureAndMasksAreKept) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.path(), "");
  ASSERT_TRUE(output.ok()) << output.status();
  for (const char* source : {"a/cat.jpg", "b/cat.jpg"}) {
    ASSERT_TRUE(
        output->Add(MakePicture(320, 240), MakeFullReport(source)).ok());
  }
  EXPECT_THAT(FilesIn(dir.path()),
              ElementsAre("cat-annotated-2.jpg", "cat-annotated.jpg",
                          "cat-camvid-2.png", "cat-camvid.png"));
  const auto png = base::ReadFile(dir.File("cat-camvid.png"), 1 << 20);
  const auto mask = task::DecodePng(png.value());
  ASSERT_TRUE(mask.ok()) << mask.status();
  EXPECT_EQ(mask->size, (vision::Size{160, 120}));
  EXPECT_THAT(mask->classes, Each(1));
  // Legend and band stand below the picture.
  EXPECT_GT(vision::ReadPicture(dir.File("cat-annotated.jpg"))->size().height,
            240);
}

TEST(AnnotatedOutputTest, BoxesAndMaskAreDrawn) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.path(), "");
  ASSERT_TRUE(output.ok()) << output.status();
  const vision::Picture grey{cv::Mat(240, 320, CV_8UC3, cv::Scalar::all(128))};
  PictureReport report = MakeFullReport("cat.jpg");
  ASSERT_TRUE(output->Add(grey, report).ok());
  const cv::Mat drawn = vision::ReadPicture(dir.File("cat-annotated.jpg"))->bgr;
  const auto is_coloured = [&drawn](int x, int y) {
    const cv::Vec3b pixel = drawn.at<cv::Vec3b>(y, x);
    return std::max({pixel[0], pixel[1], pixel[2]}) -
               std::min({pixel[0], pixel[1], pixel[2]}) >
           20;
  };
  EXPECT_TRUE(is_coloured(20, 20));  // The mask is everywhere.
  EXPECT_GT(
      cv::norm(drawn.at<cv::Vec3b>(150, 149), drawn.at<cv::Vec3b>(150, 120)),
      20);  // The box's left side.
}

TEST(AnnotatedOutputTest, FailedTailsAreLeftOut) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.path(), "");
  ASSERT_TRUE(output.ok()) << output.status();
  PictureReport report = MakeFullReport("cat.jpg");
  for (TailResult& result : report.results) {
    result.status = absl::InternalError("broke");
  }
  ASSERT_TRUE(output->Add(MakePicture(320, 240), report).ok());
  EXPECT_THAT(FilesIn(dir.path()), ElementsAre("cat-annotated.jpg"));
  EXPECT_EQ(vision::ReadPicture(dir.File("cat-annotated.jpg"))->size().height,
            240);
}

TEST(AnnotatedOutputTest, NameOfATailCannotLeadOutOfTheDirectory) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.File("out"), "");
  ASSERT_TRUE(output.ok()) << output.status();
  PictureReport report = MakeFullReport("cat.jpg");
  report.results.back().tail = "/../../road s\n";
  ASSERT_TRUE(output->Add(MakePicture(320, 240), report).ok());
  EXPECT_THAT(FilesIn(dir.File("out")),
              ElementsAre("cat-_.._.._road_s_.png", "cat-annotated.jpg"));
}

TEST(AnnotatedOutputTest, FramesOfAVideoKeepTheirSizeWhateverIsSeen) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create(dir.File("watch.avi"), "");
  ASSERT_TRUE(output.ok()) << output.status();
  const vision::Picture white{cv::Mat(240, 320, CV_8UC3, cv::Scalar::all(255))};
  PictureReport full = MakeFullReport("clip.mp4#0");
  std::get<LabelledMask>(full.results[2].output).labels =
      std::vector<std::string>(30, "a class with a long name");
  PictureReport none = full;
  none.results[0].output = std::vector<RankedLabel>();
  none.results[1].output = std::vector<LabelledBox>();
  none.results[2].status = absl::InternalError("broke");
  PictureReport failed = none;
  failed.results[0].status = absl::InternalError("broke");
  for (const PictureReport& report : {full, none, failed}) {
    ASSERT_TRUE(output->Add(white, report).ok());
  }
  ASSERT_TRUE(output->Finish().ok());
  auto video = VideoReader::Open(dir.File("watch.avi"));
  ASSERT_TRUE(video.ok()) << video.status();
  for (int i = 0; i < 3; ++i) {
    const cv::Mat frame = (*video->Next())->bgr;
    EXPECT_GT(frame.rows, 240);
    // Whatever is fitted into another size leaves black borders.
    for (const int x : {0, 319}) {
      EXPECT_GT(frame.at<cv::Vec3b>(200, x)[1], 100) << "frame " << i;
    }
  }
}

TEST(AnnotatedOutputTest, BoxesKeepTheirPlaceOnASheetsTile) {
  ScratchDirectory dir;
  auto output = AnnotatedOutput::Create("", dir.File("sheet.png"));
  ASSERT_TRUE(output.ok()) << output.status();
  const vision::Picture grey{
      cv::Mat(1200, 1600, CV_8UC3, cv::Scalar::all(128))};
  PictureReport report = MakeReport("cat.jpg");
  report.results[0].output =
      std::vector<LabelledBox>{{"Bolt", 0.9f, 3, {800, 600, 1590, 1190}}};
  ASSERT_TRUE(output->Add(grey, report).ok());
  ASSERT_TRUE(output->Finish().ok());
  const cv::Mat sheet = vision::ReadPicture(dir.File("sheet.png"))->bgr;
  // The upper left quarter of the picture is as it was.
  const cv::Mat quarter = sheet(cv::Rect(30, 30, 190, 120));
  EXPECT_EQ(
      cv::norm(quarter,
               cv::Mat(quarter.size(), quarter.type(), cv::Scalar::all(128)),
               cv::NORM_INF),
      0);
  cv::Mat lower = sheet(cv::Rect(250, 150, 220, 200));
  EXPECT_GT(
      cv::norm(lower, cv::Mat(lower.size(), lower.type(), cv::Scalar::all(128)),
               cv::NORM_INF),
      20);
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
