#include "models/train/figures/segmentation_metrics.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr uint8_t kVoid = task::kNoClass;

// One row.
task::Mask Row(std::vector<uint8_t> classes) {
  task::Mask mask;
  mask.size = {static_cast<int>(classes.size()), 1};
  mask.classes = std::move(classes);
  return mask;
}

ConfusionCounts Count(std::vector<uint8_t> truth,
                      std::vector<uint8_t> predicted, int num_classes) {
  return CountConfusion(Row(std::move(truth)), Row(std::move(predicted)),
                        num_classes)
      .value();
}

SegmentationFigures FiguresOf(std::vector<uint8_t> truth,
                              std::vector<uint8_t> predicted, int num_classes) {
  return MakeSegmentationFigures(
      Count(std::move(truth), std::move(predicted), num_classes));
}

TEST(SegmentationMetricsTest, CountsTrueClassesByPredictedOnes) {
  const ConfusionCounts counts =
      Count({0, 0, 0, 1, 1, 1}, {0, 0, 1, 1, 0, kVoid}, 2);
  EXPECT_EQ(counts.num_classes, 2);
  EXPECT_THAT(counts.pixels, ElementsAre(2, 1, 0,    // Of class 0.
                                         1, 1, 1));  // Of class 1.
}

TEST(SegmentationMetricsTest, EqualMasksAreOne) {
  const SegmentationFigures figures = FiguresOf({0, 1, 1, 2}, {0, 1, 1, 2}, 3);
  EXPECT_THAT(figures.mean_iou, Optional(1.0));
  EXPECT_THAT(figures.pixel_accuracy, Optional(1.0));
}

TEST(SegmentationMetricsTest, IouMatchesValuesWorkedByHand) {
  // Class 0: 2 of its 3 pixels found, 1 of another taken for it: 2 / (3 + 1).
  // Class 1: 1 of 2 found, 1 of another taken for it: 1 / (2 + 1).
  // Class 2: 1 of 2 found, 1 of another taken for it: 1 / (2 + 1).
  const SegmentationFigures figures =
      FiguresOf({0, 0, 0, 1, 1, 2, 2}, {0, 0, 1, 1, 2, 2, 0}, 3);
  ASSERT_EQ(figures.classes.size(), 3u);
  EXPECT_EQ(figures.classes[0].num_pixels, 3u);
  EXPECT_THAT(figures.classes[0].iou, Optional(DoubleEq(0.5)));
  EXPECT_THAT(figures.classes[1].iou, Optional(DoubleEq(1.0 / 3)));
  EXPECT_THAT(figures.classes[2].iou, Optional(DoubleEq(1.0 / 3)));
  EXPECT_THAT(figures.mean_iou, Optional(DoubleEq((0.5 + 2.0 / 3) / 3)));
  EXPECT_THAT(figures.pixel_accuracy, Optional(DoubleEq(4.0 / 7)));
}

TEST(SegmentationMetricsTest, MeanLeavesOutClassesThatDoNotOccur) {
  // Class 0: 3 of 4 found. Class 1: 1 of 1. Class 2 does not occur, yet took a
  // pixel.
  const SegmentationFigures figures =
      FiguresOf({0, 0, 0, 0, 1}, {0, 0, 0, 2, 1}, 4);
  EXPECT_THAT(figures.mean_iou, Optional(DoubleEq((0.75 + 1.0) / 2)));
  EXPECT_EQ(figures.classes[2].num_pixels, 0u);
  EXPECT_FALSE(figures.classes[2].iou.has_value());
  EXPECT_FALSE(figures.classes[3].iou.has_value());
}

TEST(SegmentationMetricsTest, ClassThatIsNeverFoundCountsAsZero) {
  const SegmentationFigures figures = FiguresOf({0, 1}, {0, 0}, 2);
  EXPECT_THAT(figures.classes[0].iou, Optional(0.5));
  EXPECT_THAT(figures.classes[1].iou, Optional(0.0));
  EXPECT_THAT(figures.mean_iou, Optional(0.25));
}

TEST(SegmentationMetricsTest, UnlabelledPixelsDoNotCount) {
  const SegmentationFigures figures =
      FiguresOf({0, 1, kVoid, kVoid, kVoid}, {0, 1, 0, 1, kVoid}, 2);
  EXPECT_THAT(figures.mean_iou, Optional(1.0));
  EXPECT_THAT(figures.pixel_accuracy, Optional(1.0));
  EXPECT_EQ(figures.classes[0].num_pixels, 1u);
}

TEST(SegmentationMetricsTest, NoPredictionIsWrongForTheClassAlone) {
  // Class 0: 1 of 2 found, none taken for it. Class 1: untouched.
  const SegmentationFigures figures = FiguresOf({0, 0, 1}, {0, kVoid, 1}, 2);
  EXPECT_THAT(figures.classes[0].iou, Optional(0.5));
  EXPECT_THAT(figures.classes[1].iou, Optional(1.0));
  EXPECT_THAT(figures.pixel_accuracy, Optional(DoubleEq(2.0 / 3)));
}

TEST(SegmentationMetricsTest, NothingLabelledHasNoFigure) {
  for (const SegmentationFigures& figures :
       {FiguresOf({kVoid, kVoid}, {0, 1}, 2), FiguresOf({}, {}, 2)}) {
    EXPECT_FALSE(figures.mean_iou.has_value());
    EXPECT_FALSE(figures.pixel_accuracy.has_value());
    ASSERT_EQ(figures.classes.size(), 2u);
    EXPECT_FALSE(figures.classes[0].iou.has_value());
  }
}

TEST(SegmentationMetricsTest, HighestClassIsNotMistakenForNone) {
  const SegmentationFigures figures =
      FiguresOf({254, 254, kVoid}, {254, kVoid, 254}, 255);
  EXPECT_EQ(figures.classes[254].num_pixels, 2u);
  EXPECT_THAT(figures.classes[254].iou, Optional(0.5));
}

TEST(SegmentationMetricsTest, FiguresAreOfTheSumOverPictures) {
  // Class 0: 4 of 5 found, where the mean of the two pictures' own shares, 1/2
  // and 3/3, would be less. Class 1: 1 found, 1 of another taken for it.
  const std::vector<ConfusionCounts> pictures = {
      Count({0, 0, 1}, {0, 1, 1}, 2), Count({0, 0, 0}, {0, 0, 0}, 2)};
  const SegmentationFigures figures = MakeSegmentationFigures(
      SumConfusion(pictures, std::vector<uint32_t>{1, 1}));
  EXPECT_THAT(figures.classes[0].iou, Optional(0.8));
  EXPECT_THAT(figures.classes[1].iou, Optional(0.5));
}

TEST(SegmentationMetricsTest, PictureDrawnTwiceIsTwoPictures) {
  const ConfusionCounts a = Count({0, 1, 1}, {1, 1, kVoid}, 2);
  const ConfusionCounts b = Count({0, 0}, {0, 1}, 2);
  const ConfusionCounts c = Count({1, kVoid}, {1, 0}, 2);
  const ConfusionCounts drawn = SumConfusion(
      std::vector<ConfusionCounts>{a, b, c}, std::vector<uint32_t>{2, 0, 1});
  EXPECT_EQ(drawn, SumConfusion(std::vector<ConfusionCounts>{c, a, a},
                                std::vector<uint32_t>{1, 1, 1}));
  EXPECT_THAT(drawn.pixels, ElementsAre(0, 2, 0,    // Of class 0.
                                        0, 3, 2));  // Of class 1.
}

TEST(SegmentationMetricsTest, NoPicturesHaveNoFigure) {
  const SegmentationFigures figures =
      MakeSegmentationFigures(SumConfusion({}, {}));
  EXPECT_TRUE(figures.classes.empty());
  EXPECT_FALSE(figures.mean_iou.has_value());
  EXPECT_FALSE(figures.pixel_accuracy.has_value());
}

void ExpectInvalid(const task::Mask& truth, const task::Mask& predicted,
                   int num_classes, const std::string& why) {
  const absl::Status status =
      CountConfusion(truth, predicted, num_classes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(SegmentationMetricsTest, NumberOfClassesOutOfRangeIsInvalid) {
  ExpectInvalid(Row({}), Row({}), 0, "expected 1..255 classes, found 0");
  ExpectInvalid(Row({}), Row({}), 256, "found 256");
  ExpectInvalid(Row({}), Row({}), -1, "found -1");
}

TEST(SegmentationMetricsTest, SizesThatDifferAreInvalid) {
  task::Mask upright = Row({0, 0});
  std::swap(upright.size.width, upright.size.height);
  ExpectInvalid(Row({0, 0}), upright, 1,
                "the true mask is 2 x 1, the predicted one 1 x 2");
}

TEST(SegmentationMetricsTest, PixelsThatDoNotFillTheSizeAreInvalid) {
  task::Mask broken = Row({0, 0, 0});
  broken.classes.pop_back();
  ExpectInvalid(broken, Row({0, 0, 0}), 1,
                "the true mask of 3 x 1 has 2 pixels");
  ExpectInvalid(Row({0, 0, 0}), broken, 1, "the predicted mask of 3 x 1");
  task::Mask negative;
  negative.size = {-1, -1};
  negative.classes = {0};
  ExpectInvalid(negative, negative, 1, "mask of -1 x -1 has 1 pixels");
}

TEST(SegmentationMetricsTest, ClassOutOfRangeIsInvalid) {
  task::Mask mask = {{2, 2}, {0, 1, 0, 11}};
  const task::Mask good = {{2, 2}, {0, 1, 0, 1}};
  ExpectInvalid(mask, good, 11,
                "true class 11 at (1, 1) is neither in 0..10 nor 255");
  ExpectInvalid(good, mask, 11, "predicted class 11 at (1, 1)");
}

TEST(SegmentationMetricsTest, PredictionIsCheckedWhereNothingIsLabelled) {
  ExpectInvalid(Row({0, kVoid}), Row({0, 9}), 2, "predicted class 9 at (1, 0)");
}

}  // namespace
}  // namespace sluice::train
