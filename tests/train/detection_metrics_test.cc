#include "models/train/figures/detection_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr double kTiny = 1e-12;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Picture {
  std::vector<task::Detection> detections;
  std::vector<GroundTruth> truths;
};

// 10 x 10. The IoU of two that are s apart is (10 - s) / (10 + s): 9/11 = 0.82,
// 8/12 = 0.67, 7/13 = 0.54, 6/14 = 0.43 for s = 1, 2, 3, 4.
task::Box At(float x) { return {x, 0.0f, x + 10.0f, 10.0f}; }
// A row of pixels.
task::Box Row(float length) { return {0.0f, 0.0f, length, 1.0f}; }

task::Detection Found(float score, task::Box box, int class_index = 0) {
  return {class_index, score, box};
}
GroundTruth Object(task::Box box, int class_index = 0) {
  return {class_index, box, false};
}
GroundTruth Crowd(task::Box box, int class_index = 0) {
  return {class_index, box, true};
}

DetectionFigures FiguresOf(const std::vector<Picture>& pictures,
                           int num_classes = 1,
                           std::vector<uint32_t> counts = {}) {
  std::vector<PictureMatches> matches;
  for (const Picture& picture : pictures) {
    matches.push_back(
        MatchPicture(picture.detections, picture.truths, num_classes).value());
  }
  if (counts.empty()) counts.assign(pictures.size(), 1);
  return DetectionRanking(matches, num_classes).MakeFigures(counts);
}

// Of one picture with objects of one class, where merging changes nothing.
AveragePrecision PrecisionOf(const Picture& picture) {
  const DetectionFigures figures = FiguresOf({picture});
  EXPECT_EQ(figures.classes[0].ap, figures.merged.ap);
  EXPECT_EQ(figures.classes[0].ap50, figures.mean.ap50);
  return figures.mean;
}

void ExpectPrecision(const AveragePrecision& precision, double ap,
                     double ap50) {
  EXPECT_THAT(precision.ap, Optional(DoubleNear(ap, kTiny)));
  EXPECT_THAT(precision.ap50, Optional(DoubleNear(ap50, kTiny)));
}

void ExpectEqual(const AveragePrecision& a, const AveragePrecision& b) {
  EXPECT_EQ(a.num_objects, b.num_objects);
  ASSERT_EQ(a.ap.has_value(), b.ap.has_value());
  if (!a.ap.has_value()) return;
  ExpectPrecision(a, *b.ap, *b.ap50);
}

void ExpectEqual(const DetectionFigures& a, const DetectionFigures& b) {
  ExpectEqual(a.mean, b.mean);
  ExpectEqual(a.merged, b.merged);
  ASSERT_EQ(a.classes.size(), b.classes.size());
  for (size_t k = 0; k < a.classes.size(); ++k) {
    ExpectEqual(a.classes[k], b.classes[k]);
  }
}

// Some objects and crowds, a detection near each and some elsewhere.
std::vector<Picture> RandomPictures(int num_pictures, int num_classes,
                                    uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  std::vector<Picture> pictures(num_pictures);
  for (Picture& picture : pictures) {
    for (int i = below(4); i > 0; --i) {
      const task::Box box = At(static_cast<float>(below(100)));
      const int class_index = below(num_classes);
      picture.truths.push_back({class_index, box, below(5) == 0});
    }
    for (int i = below(6); i > 0; --i) {
      picture.detections.push_back(
          Found(static_cast<float>(random()) / 4294967296.0f,
                At(static_cast<float>(below(100))), below(num_classes)));
    }
    for (const GroundTruth& truth : picture.truths) {
      picture.detections.push_back(
          Found(static_cast<float>(random()) / 4294967296.0f,
                At(truth.box.x_min + static_cast<float>(below(4))),
                truth.class_index));
    }
  }
  return pictures;
}

TEST(DetectionMetricsTest, ExactBoxesAreOne) {
  const AveragePrecision precision =
      PrecisionOf({{Found(0.9f, At(0)), Found(0.2f, At(50))},
                   {Object(At(0)), Object(At(50))}});
  EXPECT_EQ(precision.num_objects, 2u);
  ExpectPrecision(precision, 1.0, 1.0);
}

TEST(DetectionMetricsTest, PrecisionIsAveragedOver101Recalls) {
  // Best first: right, wrong, right, wrong, wrong, right; one is not found.
  //   recall     1/4  1/4  2/4  2/4  2/4  3/4
  //   precision  1/1  1/2  2/3  2/4  2/5  3/6
  // Highest at a recall or beyond: 1 at 0.00..0.25 (26 recalls), 2/3 at
  // 0.26..0.50 (25), 1/2 at 0.51..0.75 (25), 0 at 0.76..1.00 (25).
  const Picture picture = {
      {Found(0.9f, At(0)), Found(0.8f, At(900)), Found(0.7f, At(100)),
       Found(0.6f, At(900)), Found(0.5f, At(900)), Found(0.4f, At(200))},
      {Object(At(0)), Object(At(100)), Object(At(200)), Object(At(300))}};
  const double expected = (26 * 1.0 + 25 * 2.0 / 3 + 25 * 0.5) / 101;
  ExpectPrecision(PrecisionOf(picture), expected, expected);
}

TEST(DetectionMetricsTest, PrecisionAtARecallIsTheHighestBeyondIt) {
  // Wrong, right, right: precision 0/1, 1/2, 2/3 at recall 0, 1/2, 1: with the
  // last in reach, 2/3 at every recall.
  const Picture picture = {
      {Found(0.9f, At(900)), Found(0.8f, At(0)), Found(0.7f, At(100))},
      {Object(At(0)), Object(At(100))}};
  ExpectPrecision(PrecisionOf(picture), 2.0 / 3, 2.0 / 3);
}

TEST(DetectionMetricsTest, InputNeedNotBeSorted) {
  // Right at 0.9, wrong at 0.5: precision 1 at recall 1.
  const Picture picture = {{Found(0.5f, At(900)), Found(0.9f, At(0))},
                           {Object(At(0))}};
  ExpectPrecision(PrecisionOf(picture), 1.0, 1.0);
}

TEST(DetectionMetricsTest, RecallOf7In20IsJustShortOf35Hundredths) {
  // In double, 7.0 / 20 < 35 * 0.01, so COCO's code grants it 0.00..0.34.
  Picture picture;
  for (int i = 0; i < 20; ++i) {
    const task::Box box = At(100.0f * static_cast<float>(i));
    picture.truths.push_back(Object(box));
    if (i < 7) picture.detections.push_back(Found(0.5f, box));
  }
  ExpectPrecision(PrecisionOf(picture), 35.0 / 101, 35.0 / 101);
}

TEST(DetectionMetricsTest, LooseBoxesAreFoundAtLowThresholds) {
  // IoU 8/12 = 0.67 reaches 0.50, 0.55, 0.60 and 0.65, four of ten.
  const Picture picture = {{Found(0.9f, At(2))}, {Object(At(0))}};
  ExpectPrecision(PrecisionOf(picture), 0.4, 1.0);
}

TEST(DetectionMetricsTest, OverlapOfAThresholdReachesIt) {
  // 10/20 reaches 0.50 alone. 13/20 reaches 0.50..0.65, though the float
  // nearest to it is less than 0.65. 99/200 reaches none.
  ExpectPrecision(PrecisionOf({{Found(0.9f, Row(10))}, {Object(Row(20))}}), 0.1,
                  1.0);
  ExpectPrecision(PrecisionOf({{Found(0.9f, Row(13))}, {Object(Row(20))}}), 0.4,
                  1.0);
  ExpectPrecision(PrecisionOf({{Found(0.9f, Row(19))}, {Object(Row(20))}}), 1.0,
                  1.0);
  ExpectPrecision(PrecisionOf({{Found(0.9f, Row(99))}, {Object(Row(200))}}),
                  0.0, 0.0);
}

TEST(DetectionMetricsTest, DuplicateIsWrong) {
  // Right, wrong, right at every threshold: precision 1 up to recall 0.50 (51
  // recalls), then 2/3 (50).
  const Picture picture = {
      {Found(0.9f, At(0)), Found(0.8f, At(0)), Found(0.7f, At(100))},
      {Object(At(0)), Object(At(100))}};
  const double expected = (51 * 1.0 + 50 * 2.0 / 3) / 101;
  ExpectPrecision(PrecisionOf(picture), expected, expected);
}

TEST(DetectionMetricsTest, BetterScoreTakesTheObjectFromTheBetterBox) {
  // IoU 8/12 at 0.9, then IoU 1 at 0.8. Up to 0.65 the first is right: AP 1 at
  // four thresholds. Beyond, wrong then right: 1/2 at six.
  const Picture picture = {{Found(0.9f, At(2)), Found(0.8f, At(0))},
                           {Object(At(0))}};
  ExpectPrecision(PrecisionOf(picture), (4 * 1.0 + 6 * 0.5) / 10, 1.0);
}

TEST(DetectionMetricsTest, DetectionGoesToTheHighestOverlap) {
  // The first, at 2, is exactly the second object, and leaves the other (IoU
  // 8/12) free. The second, at 4, overlaps the taken one by 8/12, the free one
  // by 6/14 only. So 1 of 2 is found, at precision 1: 51 recalls of 101.
  const Picture picture = {{Found(0.9f, At(2)), Found(0.8f, At(4))},
                           {Object(At(0)), Object(At(2))}};
  ExpectPrecision(PrecisionOf(picture), 51.0 / 101, 51.0 / 101);
}

TEST(DetectionMetricsTest, OfEqualOverlapsTheLaterIsTaken) {
  // The first, at 2, overlaps both by 8/12 and takes the one at 4. The second,
  // at 5, overlaps that by 9/11 and the free one by 5/15.
  const Picture picture = {{Found(0.9f, At(2)), Found(0.8f, At(5))},
                           {Object(At(0)), Object(At(4))}};
  EXPECT_THAT(PrecisionOf(picture).ap50,
              Optional(DoubleNear(51.0 / 101, kTiny)));
}

TEST(DetectionMetricsTest, WrongClassIsRightWhereClassesAreMerged) {
  const DetectionFigures figures =
      FiguresOf({{{Found(0.9f, At(0), 1)}, {Object(At(0), 0)}}}, 3);
  ASSERT_EQ(figures.classes.size(), 3u);
  ExpectPrecision(figures.classes[0], 0.0, 0.0);
  EXPECT_EQ(figures.classes[0].num_objects, 1u);
  EXPECT_EQ(figures.classes[1].num_objects, 0u);
  EXPECT_FALSE(figures.classes[1].ap.has_value());
  ExpectPrecision(figures.mean, 0.0, 0.0);
  ExpectPrecision(figures.merged, 1.0, 1.0);
}

TEST(DetectionMetricsTest, MeanIsOverClassesWithObjects) {
  // Class 0 is found, class 2 is not, class 1 has no objects but a detection.
  const DetectionFigures figures =
      FiguresOf({{{Found(0.9f, At(0), 0), Found(0.8f, At(500), 1)},
                  {Object(At(0), 0), Object(At(100), 2), Object(At(200), 2)}}},
                3);
  ExpectPrecision(figures.mean, 0.5, 0.5);
  EXPECT_EQ(figures.mean.num_objects, 3u);
  EXPECT_EQ(figures.classes[2].num_objects, 2u);
  // Merged, 1 of 3 is found, first of all: recalls 0.00..0.33.
  ExpectPrecision(figures.merged, 34.0 / 101, 34.0 / 101);
}

TEST(DetectionMetricsTest, DetectionsInACrowdCountNeitherWay) {
  const Picture picture = {
      {Found(0.9f, At(100)), Found(0.8f, At(105)), Found(0.7f, At(0))},
      {Crowd({100, 0, 200, 100}), Object(At(0))}};
  const AveragePrecision precision = PrecisionOf(picture);
  ExpectPrecision(precision, 1.0, 1.0);
  EXPECT_EQ(precision.num_objects, 1u);
}

TEST(DetectionMetricsTest, InACrowdIsByTheDetectionsOwnArea) {
  // Half of the first lies in the crowd: ignored at 0.50, wrong beyond, before
  // one that is right. The IoU with the crowd is less than 1/100.
  const Picture picture = {{Found(0.9f, At(95)), Found(0.8f, At(0))},
                           {Crowd({100, 0, 200, 100}), Object(At(0))}};
  ExpectPrecision(PrecisionOf(picture), (1.0 + 9 * 0.5) / 10, 1.0);
}

TEST(DetectionMetricsTest, ObjectComesBeforeACrowdThatFitsBetter) {
  // All of the detection lies in the crowd, 8/12 is the object's: right up to
  // 0.65, ignored beyond, where nothing is found then.
  const Picture picture = {{Found(0.9f, At(2))},
                           {Crowd({0, 0, 100, 100}), Object(At(0))}};
  ExpectPrecision(PrecisionOf(picture), 0.4, 1.0);
}

TEST(DetectionMetricsTest, DuplicateInACrowdIsIgnored) {
  const Picture picture = {
      {Found(0.9f, At(0)), Found(0.8f, At(0)), Found(0.7f, At(300))},
      {Object(At(0)), Object(At(300)), Crowd({0, 0, 100, 100})}};
  ExpectPrecision(PrecisionOf(picture), 1.0, 1.0);
}

TEST(DetectionMetricsTest, CrowdOfAnotherClassIsNoExcuse) {
  // Wrong, then right: 1/2. Merged, the first is ignored.
  const DetectionFigures figures =
      FiguresOf({{{Found(0.9f, At(100)), Found(0.8f, At(0))},
                  {Crowd({100, 0, 200, 100}, 1), Object(At(0))}}},
                2);
  ExpectPrecision(figures.classes[0], 0.5, 0.5);
  ExpectPrecision(figures.merged, 1.0, 1.0);
}

TEST(DetectionMetricsTest, CrowdsAloneAreNothingToFind) {
  const AveragePrecision precision =
      PrecisionOf({{Found(0.9f, At(0))}, {Crowd(At(0))}});
  EXPECT_EQ(precision.num_objects, 0u);
  EXPECT_FALSE(precision.ap.has_value());
  EXPECT_FALSE(precision.ap50.has_value());
}

TEST(DetectionMetricsTest, NoDetectionsAreZero) {
  ExpectPrecision(PrecisionOf({{}, {Object(At(0))}}), 0.0, 0.0);
}

TEST(DetectionMetricsTest, NoObjectsHaveNoFigure) {
  EXPECT_FALSE(PrecisionOf({{Found(0.9f, At(0))}, {}}).ap.has_value());
  EXPECT_FALSE(PrecisionOf({}).ap.has_value());
  const DetectionFigures none = FiguresOf({}, 2);
  EXPECT_EQ(none.classes.size(), 2u);
  EXPECT_FALSE(none.mean.ap.has_value());
  EXPECT_FALSE(none.merged.ap50.has_value());
}

TEST(DetectionMetricsTest, DetectionInAPictureWithoutObjectsIsWrong) {
  // Wrong in the second picture, then right in the first: 1/2.
  const std::vector<Picture> pictures = {
      {{Found(0.8f, At(0))}, {Object(At(0))}}, {{Found(0.9f, At(0))}, {}}};
  ExpectPrecision(FiguresOf(pictures).mean, 0.5, 0.5);
}

TEST(DetectionMetricsTest, EmptyBoxesAreNeverMatched) {
  const task::Box empty = {5, 5, 5, 5};
  const task::Box inverted = {10, 10, 0, 0};
  for (const task::Box& box : {empty, inverted}) {
    ExpectPrecision(PrecisionOf({{Found(0.9f, box)}, {Object(box)}}), 0.0, 0.0);
    ExpectPrecision(PrecisionOf({{Found(0.9f, box)}, {Object(At(0))}}), 0.0,
                    0.0);
  }
}

// `num_wrong` detections of `wrong_class`, then the right one of class 0.
Picture RightOneAfter(int num_wrong, int wrong_class) {
  Picture picture = {{Found(0.1f, At(0))}, {Object(At(0))}};
  for (int i = 0; i < num_wrong; ++i) {
    picture.detections.push_back(Found(0.9f, At(500), wrong_class));
  }
  return picture;
}

TEST(DetectionMetricsTest, TheBest100OfAPictureCount) {
  ExpectPrecision(PrecisionOf(RightOneAfter(99, 0)), 0.01, 0.01);
  ExpectPrecision(PrecisionOf(RightOneAfter(100, 0)), 0.0, 0.0);
}

TEST(DetectionMetricsTest, EachClassHasIts100) {
  const DetectionFigures figures = FiguresOf({RightOneAfter(100, 1)}, 2);
  ExpectPrecision(figures.classes[0], 1.0, 1.0);
  ExpectPrecision(figures.merged, 0.0, 0.0);
}

TEST(DetectionMetricsTest, EqualScoresKeepTheirOrder) {
  const task::Detection right = Found(0.5f, At(0));
  const task::Detection wrong = Found(0.5f, At(500));
  ExpectPrecision(PrecisionOf({{right, wrong}, {Object(At(0))}}), 1.0, 1.0);
  ExpectPrecision(PrecisionOf({{wrong, right}, {Object(At(0))}}), 0.5, 0.5);
}

TEST(DetectionMetricsTest, OrderOfPicturesDoesNotMatter) {
  std::vector<Picture> pictures = RandomPictures(40, 3, 1);
  const DetectionFigures figures = FiguresOf(pictures, 3);
  EXPECT_GT(*figures.mean.ap50, 0.1);
  EXPECT_LT(*figures.mean.ap50, 0.9);
  std::shuffle(pictures.begin(), pictures.end(), std::mt19937(2));
  ExpectEqual(FiguresOf(pictures, 3), figures);
}

TEST(DetectionMetricsTest, PictureDrawnTwiceIsTwoPictures) {
  const std::vector<Picture> pictures = RandomPictures(40, 3, 3);
  std::mt19937 random(4);
  for (int round = 0; round < 20; ++round) {
    std::vector<uint32_t> counts(pictures.size());
    std::vector<Picture> drawn;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const size_t k = random() % pictures.size();
      ++counts[k];
      drawn.push_back(pictures[k]);
    }
    ExpectEqual(FiguresOf(pictures, 3, counts), FiguresOf(drawn, 3));
  }
}

TEST(DetectionMetricsTest, SampleWithoutAClassLeavesItOut) {
  const std::vector<Picture> pictures = {
      {{Found(0.9f, At(0), 0)}, {Object(At(0), 0)}}, {{}, {Object(At(0), 1)}}};
  ExpectPrecision(FiguresOf(pictures, 2).mean, 0.5, 0.5);
  ExpectPrecision(FiguresOf(pictures, 2, {2, 0}).mean, 1.0, 1.0);
  EXPECT_EQ(FiguresOf(pictures, 2, {2, 0}).mean.num_objects, 2u);
  EXPECT_FALSE(FiguresOf(pictures, 2, {0, 0}).mean.ap.has_value());
}

TEST(DetectionMetricsTest, MatchesTellThresholdsApart) {
  // IoU 9/11 = 0.82 reaches 0.50..0.80: bits 0..6; the crowd has all of the
  // second.
  const absl::StatusOr<PictureMatches> matches =
      MatchPicture(std::vector{Found(0.9f, At(1), 1), Found(0.8f, At(150), 1)},
                   std::vector{Object(At(0), 1), Crowd(At(150), 1)}, 2);
  ASSERT_TRUE(matches.ok()) << matches.status();
  EXPECT_THAT(matches->objects, ElementsAre(1));
  ASSERT_EQ(matches->by_class.size(), 2u);
  EXPECT_EQ(matches->by_class[0].found, 0x07f);
  EXPECT_EQ(matches->by_class[0].ignored, 0);
  EXPECT_EQ(matches->by_class[1].found, 0);
  EXPECT_EQ(matches->by_class[1].ignored, 0x3ff);
  EXPECT_EQ(matches->by_class[1].class_index, 1);
}

void ExpectInvalid(const Picture& picture, int num_classes,
                   const std::string& why) {
  const absl::Status status =
      MatchPicture(picture.detections, picture.truths, num_classes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(DetectionMetricsTest, ClassOutOfRangeIsInvalid) {
  const task::Detection good = Found(0.9f, At(0), 1);
  ExpectInvalid({{good, Found(0.9f, At(0), 2)}, {}}, 2,
                "class 2 of detection 1 is not in 0..1");
  ExpectInvalid({{Found(0.9f, At(0), -1)}, {}}, 2, "class -1 of detection 0");
  ExpectInvalid({{good}, {Object(At(0), 2)}}, 2, "class 2 of ground truth 0");
  ExpectInvalid({{good}, {Crowd(At(0), -1)}}, 2, "class -1 of ground truth 0");
}

TEST(DetectionMetricsTest, NoClassesAreInvalid) {
  ExpectInvalid({}, 0, "expected at least 1 class, found 0");
  ExpectInvalid({}, -3, "found -3");
}

TEST(DetectionMetricsTest, ScoreThatIsNoNumberIsInvalid) {
  ExpectInvalid({{Found(0.9f, At(0)), Found(kNan, At(0))}, {}}, 1,
                "score nan of detection 1 is not finite");
  ExpectInvalid({{Found(kInfinity, At(0))}, {}}, 1, "score inf");
}

TEST(DetectionMetricsTest, CoordinateThatIsNoNumberIsInvalid) {
  ExpectInvalid({{Found(0.9f, {0, kNan, 1, 1})}, {}}, 1,
                "coordinate nan of detection 0 is not finite");
  ExpectInvalid({{}, {Object({0, 0, kInfinity, 1})}}, 1,
                "coordinate inf of ground truth 0 is not finite");
}

}  // namespace
}  // namespace sluice::train
