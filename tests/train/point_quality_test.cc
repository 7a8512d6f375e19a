// Qualities of tasks beside those that figures_test.cc works out.
#include "models/train/figures/point_quality.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/figures/figures.h"
#include "tests/train/evaluation_testing.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr uint32_t kHalf[] = {2, 0};
constexpr uint32_t kOnce[] = {1, 1};
constexpr uint32_t kNever[] = {0, 0};

OperatingPoint Classified(uint32_t rank0, uint32_t rank1) {
  return {"", "", {{.rank = rank0}, {.rank = rank1}}};
}

// One object in each of two pictures; the second is missed.
OperatingPoint Detected() {
  OperatingPoint point = {"", "", {{}, {}}};
  const GroundTruth truth = {.class_index = 0, .box = {0, 0, 10, 10}};
  const std::vector<GroundTruth> truths = {truth};
  const std::vector<task::Detection> found = {{0, 0.9f, {0, 0, 10, 6}}};
  point.matches = {*MatchPicture(found, truths, 2),
                   *MatchPicture({}, truths, 2)};
  return point;
}

// Two pictures of two pixels; all right, and half of it.
OperatingPoint Segmented() {
  OperatingPoint point = {"", "", {{}, {}}};
  const task::Mask truth = {.size = {2, 1}, .classes = {0, 1}};
  const task::Mask wrong = {.size = {2, 1}, .classes = {0, 0}};
  point.confusions = {*CountConfusion(truth, truth, 2),
                      *CountConfusion(truth, wrong, 2)};
  return point;
}

TEST(PointQualityTest, Top1IsTheShareOfRightAnswersInTheSample) {
  const OperatingPoint point = Classified(0, 3);
  const QualityFunction quality = MakeQuality(Task::kClassification, point, 0);
  EXPECT_EQ(quality(kOnce), 0.5);
  EXPECT_EQ(quality(kHalf), 1.0);
  EXPECT_EQ(quality(kNever), 0.0);
  EXPECT_THAT(MakeFullFigures(Task::kClassification, point, 0).others,
              ElementsAre(1.0));
}

TEST(PointQualityTest, MapFollowsTheSample) {
  const OperatingPoint point = Detected();
  const QualityFunction quality = MakeQuality(Task::kDetection, point, 2);
  EXPECT_NEAR(quality(kOnce), 51.0 / 101, 1e-12);  // Recall of a half.
  EXPECT_EQ(quality(kHalf), 1.0);
  EXPECT_EQ(quality(kNever), 0.0);
}

TEST(PointQualityTest, ADetectionHasFiguresOfEveryClass) {
  const FullFigures full = MakeFullFigures(Task::kDetection, Detected(), 2);
  // An IoU of 0.6: found at three thresholds of ten.
  EXPECT_THAT(full.others,
              ElementsAre(::testing::DoubleNear(0.3 * 51 / 101, 1e-12),
                          ::testing::DoubleNear(51.0 / 101, 1e-12)));
  ASSERT_THAT(full.classes, SizeIs(2));
  EXPECT_EQ(full.classes[0].count, 2);
  EXPECT_TRUE(full.classes[0].qualities.at(1).has_value());
  EXPECT_EQ(full.classes[1].count, 0);
  EXPECT_FALSE(full.classes[1].qualities.at(0).has_value());
}

TEST(PointQualityTest, MeanIouIsThatOfAllPixelsTogether) {
  const OperatingPoint point = Segmented();
  const QualityFunction quality = MakeQuality(Task::kSegmentation, point, 2);
  // Class 0: 2 of 3. Class 1: 1 of 2.
  EXPECT_NEAR(quality(kOnce), (2.0 / 3 + 1.0 / 2) / 2, 1e-12);
  EXPECT_EQ(quality(kHalf), 1.0);
  EXPECT_EQ(quality(kNever), 0.0);
  const FullFigures full = MakeFullFigures(Task::kSegmentation, point, 2);
  EXPECT_THAT(full.others, ElementsAre(0.75));
  EXPECT_THAT(full.classes[1].qualities, ElementsAre(0.5));
}

TEST(PointQualityTest, NoPicturesAreZero) {
  const OperatingPoint none = {"", "", {}};
  for (const Task task :
       {Task::kClassification, Task::kDetection, Task::kSegmentation}) {
    EXPECT_EQ(MakeQuality(task, none, 1)({}), 0.0);
    EXPECT_THAT(MakeFullFigures(task, none, 1).others, ::testing::Each(0.0));
  }
}

TEST(TaskFiguresTest, DropsAndBytesAreOnTheTasksQuality) {
  for (const Evaluation& evaluation :
       {MakeDetectionEvaluation(), MakeSegmentationEvaluation()}) {
    const EvaluationFigures figures = MakeFigures(evaluation);
    ASSERT_TRUE(figures.reference.has_value());
    EXPECT_EQ(figures.reference->name, "pixel entrance of ours");
    EXPECT_THAT(figures.reference->classes, SizeIs(3));
    const PointFigures& best = figures.methods[0].points[3];
    EXPECT_GT(best.quality, figures.methods[0].points[0].quality);
    EXPECT_NEAR(*best.drop, figures.reference->quality - best.quality, 1e-12);
    EXPECT_LE(best.quality_interval->low, best.quality);
    EXPECT_GE(best.quality_interval->high, best.quality);
    EXPECT_FALSE(best.top1_standard_error.has_value());
    EXPECT_FALSE(best.mean_kl.has_value());
    EXPECT_NEAR(figures.pairs[0].on_quality.rate.percent.value_or(0), -66.7,
                0.3);
  }
}

TEST(TaskFiguresTest, TheUsualPointIsTheOneOfThatSetting) {
  const Evaluation evaluation = MakeDetectionEvaluation();
  const EvaluationFigures figures = MakeFigures(evaluation);
  EXPECT_EQ(UsualPoint(evaluation.methods[0], figures.methods[0]),
            &figures.methods[0].points[2]);
  EXPECT_EQ(UsualPoint(evaluation.methods[1], figures.methods[1]), nullptr);
}

}  // namespace
}  // namespace sluice::train
