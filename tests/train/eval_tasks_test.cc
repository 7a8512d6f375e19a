// Evaluations of detection and segmentation, end to end.
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/eval/eval.h"
#include "models/train/report/report.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/index_png_testing.h"
#include "tests/train/tiny_tails.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kSeed = 1;
constexpr int kIgnored = 5;
constexpr PixelCodec kJpeg = {PixelCodec::Kind::kJpeg};

class EvalTasksTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<testing::ScratchFolder>();
    const auto id = testing::WriteTinyCodec(codec(), kSeed);
    ASSERT_TRUE(id.ok()) << id.status();
    codec_id_ = *id;
    const absl::Status detector =
        WriteTinyDetector(Detector(), codec_id_, kSeed, {"nut", "bolt"});
    ASSERT_TRUE(detector.ok()) << detector;
    const absl::Status segmenter = WriteTinySegmenter(
        Segmenter(), codec_id_, kSeed, {"sky", "road"}, kIgnored);
    ASSERT_TRUE(segmenter.ok()) << segmenter;
    std::string boxes = "split,image,class,xmin,ymin,xmax,ymax\n";
    for (int i = 0; i < 3; ++i) {
      const std::string name = std::to_string(i);
      shared_->Write("boxes/val/" + name + ".jpg", MakeJpeg(80, 70, i));
      boxes += "val," + name + ",bolt,10,10,60,50\n";
      shared_->Write("masks/val/" + name + ".jpg", MakeJpeg(80, 70, i));
      std::vector<uint8_t> classes(80 * 70, i == 0 ? 0 : 1);
      classes[0] = kIgnored;
      shared_->Write("masks/valannot/" + name + ".png",
                     MakePng(80, 70, classes, PngKind()));
    }
    shared_->Write("boxes/boxes.csv", boxes);
  }
  static void TearDownTestSuite() { shared_.reset(); }

  static fs::path codec() { return *shared_ / "codec"; }
  static fs::path Detector() { return *shared_ / "detector"; }
  static fs::path Segmenter() { return *shared_ / "segmenter"; }

  static EvalOptions Detection() {
    EvalOptions options;
    options.codecs = {codec()};
    options.tails = {Detector()};
    options.data = *shared_ / "boxes";
    options.view = {vision::ViewRule::Kind::kFit, {64, 64}};
    options.num_latency_pictures = 0;
    return options;
  }
  static EvalOptions Segmentation() {
    EvalOptions options = Detection();
    options.tails = {Segmenter()};
    options.data = *shared_ / "masks";
    return options;
  }

  static Evaluation Run(const EvalOptions& options) {
    auto evaluations = RunEval({options});
    EXPECT_TRUE(evaluations.ok()) << evaluations.status();
    return evaluations.ok() ? std::move(evaluations->front()) : Evaluation();
  }

  static std::string Refusal(const EvalOptions& options) {
    const auto evaluations = RunEval({options});
    EXPECT_EQ(evaluations.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(evaluations.status().message());
  }

  static inline std::unique_ptr<testing::ScratchFolder> shared_;
  static inline std::string codec_id_;
};

TEST_F(EvalTasksTest, ADetectionHasMatchesOfEveryPictureAtEveryPoint) {
  EvalOptions options = Detection();
  options.baselines = {kJpeg};
  const Evaluation evaluation = Run(options);
  EXPECT_EQ(evaluation.task, Task::kDetection);
  EXPECT_EQ(evaluation.subset, "val");
  EXPECT_THAT(evaluation.class_names, ElementsAre("nut", "bolt"));
  EXPECT_THAT(evaluation.warnings, IsEmpty());
  EXPECT_FALSE(evaluation.teacher.has_value());
  ASSERT_THAT(evaluation.pictures, SizeIs(3));
  EXPECT_EQ(evaluation.pictures[1].name, "val/1.jpg");
  ASSERT_THAT(evaluation.uncompressed, SizeIs(1));
  EXPECT_THAT(evaluation.uncompressed[0].matches, SizeIs(3));
  ASSERT_THAT(evaluation.methods, SizeIs(2));
  for (const Method& method : evaluation.methods) {
    for (const OperatingPoint& point : method.points) {
      ASSERT_THAT(point.matches, SizeIs(3));
      EXPECT_THAT(point.matches[0].objects, ElementsAre(1));
      ASSERT_THAT(point.outcomes, SizeIs(3));
      EXPECT_GT(point.outcomes[0].bytes, 0u);
      EXPECT_THAT(point.confusions, IsEmpty());
    }
  }
  EXPECT_EQ(evaluation.methods[1].points[0].scored_by, "pixel entrance");
}

TEST_F(EvalTasksTest, ASegmentationCountsTheSourcesPixels) {
  const Evaluation evaluation = Run(Segmentation());
  EXPECT_EQ(evaluation.task, Task::kSegmentation);
  for (const OperatingPoint& point : evaluation.methods.at(0).points) {
    ASSERT_THAT(point.confusions, SizeIs(3));
    for (size_t i = 0; i < 3; ++i) {
      uint64_t labelled = 0;
      for (const uint64_t count : point.confusions[i].pixels) labelled += count;
      EXPECT_EQ(labelled, 80u * 70u - 1);  // One does not count.
    }
  }
}

TEST_F(EvalTasksTest, ThereIsAReportOfBothTasks) {
  auto evaluations = RunEval({Detection(), Segmentation()});
  ASSERT_TRUE(evaluations.ok()) << evaluations.status();
  const Report report = MakeReport(*std::move(evaluations));
  EXPECT_THAT(TasksOf(report),
              ElementsAre(Task::kDetection, Task::kSegmentation));
  for (const auto& [evaluation, figures] : report) {
    EXPECT_EQ(figures.reference->name, "pixel entrance of tiny-1");
    EXPECT_GE(figures.reference->quality, 0.0);
    EXPECT_THAT(figures.methods.at(0).points, SizeIs(2));
  }
}

TEST_F(EvalTasksTest, ABoxOfAnUnknownClassIsRefused) {
  EvalOptions options = Detection();
  ASSERT_TRUE(
      WriteTinyDetector(*shared_ / "other", codec_id_, kSeed, {"nut", "washer"})
          .ok());
  options.tails = {*shared_ / "other"};
  EXPECT_THAT(Refusal(options), HasSubstr("bolt"));
}

TEST_F(EvalTasksTest, TailsOfDifferentClassesInOneSectionAreRefused) {
  EvalOptions options = Detection();
  ASSERT_TRUE(
      WriteTinyDetector(*shared_ / "swapped", codec_id_, kSeed, {"bolt", "nut"})
          .ok());
  options.codecs = {codec(), codec()};
  options.tails = {Detector(), *shared_ / "swapped"};
  EXPECT_THAT(Refusal(options),
              HasSubstr("the same classes in the same order"));
}

TEST_F(EvalTasksTest, TailsOfDifferentTasksInOneSectionAreRefused) {
  EvalOptions options = Detection();
  options.codecs = {codec(), codec()};
  options.tails = {Detector(), Segmenter()};
  EXPECT_THAT(Refusal(options), HasSubstr("have one task"));
}

TEST_F(EvalTasksTest, AnIgnoreIndexThatIsNoMaskValueIsRefused) {
  EvalOptions options = Segmentation();
  ASSERT_TRUE(WriteTinySegmenter(*shared_ / "bad", codec_id_, kSeed,
                                 {"sky", "road"}, 256)
                  .ok());
  options.tails = {*shared_ / "bad"};
  EXPECT_THAT(Refusal(options), HasSubstr("network.ignore_index: expected a "
                                          "number in 0..255, found 256"));
}

TEST_F(EvalTasksTest, ATeacherOfADetectionIsRefused) {
  EvalOptions options = Detection();
  options.teacher = *shared_ / "teacher.safetensors";
  EXPECT_THAT(Refusal(options), HasSubstr("a teacher is for classification"));
}

TEST_F(EvalTasksTest, NothingIsMeasuredWhenALaterSectionDoesNotLoad) {
  EvalOptions broken = Segmentation();
  broken.split = "none";
  const auto evaluations = RunEval({Detection(), broken});
  EXPECT_EQ(evaluations.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sluice::train
