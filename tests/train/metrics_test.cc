#include "models/train/metrics.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::train {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(RankOfTest, TheLargestLogitIsThePrediction) {
  const std::vector<float> logits = {0.5f, 3.0f, -1.0f};
  EXPECT_EQ(RankOf(logits, 1), 0);
  EXPECT_EQ(RankOf(logits, 0), 1);
  EXPECT_EQ(RankOf(logits, 2), 2);
}

TEST(RankOfTest, EqualLogitsRankByIndex) {
  const std::vector<float> logits = {1.0f, 1.0f, 1.0f};
  for (int label = 0; label < 3; ++label) {
    EXPECT_EQ(RankOf(logits, label), label);
  }
}

TEST(RankOfTest, NanIsNeverARightAnswer) {
  const std::vector<float> all_nan(10, kNan);
  EXPECT_EQ(RankOf(all_nan, 0), 9);
  EXPECT_EQ(RankOf(std::vector<float>{kNan, 1.0f}, 0), 1);
  EXPECT_EQ(RankOf(std::vector<float>{kNan, 1.0f}, 1), 0);
}

TEST(KlDivergenceTest, EqualLogitsUpToAShiftDivergeByNothing) {
  const std::vector<float> teacher = {1.0f, 2.0f, 3.0f};
  EXPECT_NEAR(KlDivergence(teacher, std::vector<float>{11.0f, 12.0f, 13.0f}),
              0.0, 1e-12);
}

TEST(KlDivergenceTest, MatchesAWorkedExample) {
  // Teacher (3/4, 1/4), student (1/2, 1/2): 3/4 ln(3/2) + 1/4 ln(1/2).
  const std::vector<float> teacher = {std::log(3.0f), 0.0f};
  EXPECT_NEAR(KlDivergence(teacher, std::vector<float>{0.0f, 0.0f}),
              0.75 * std::log(1.5) + 0.25 * std::log(0.5), 1e-7);
}

TEST(KlDivergenceTest, LargeLogitsDoNotOverflow) {
  const std::vector<float> teacher = {1e4f, 0.0f};
  EXPECT_NEAR(KlDivergence(teacher, std::vector<float>{0.0f, 0.0f}),
              std::log(2.0), 1e-9);
}

TEST(AccuracyTest, CountsFirstAndFirstFive) {
  Accuracy accuracy;
  const std::vector<float> logits = {6, 5, 4, 3, 2, 1};
  for (const int label : {0, 0, 4, 5}) accuracy.Add(logits, label);
  EXPECT_DOUBLE_EQ(accuracy.top1(), 0.5);
  EXPECT_DOUBLE_EQ(accuracy.top5(), 0.75);
  EXPECT_DOUBLE_EQ(accuracy.top1_standard_error(), 0.25);
}

TEST(AccuracyTest, NoPicturesAreNoAccuracy) {
  EXPECT_EQ(Accuracy().top1(), 0.0);
  EXPECT_EQ(Accuracy().top1_standard_error(), 0.0);
}

TEST(SamplesTest, MeanAndNearestRankPercentiles) {
  Samples samples;
  for (int i = 20; i >= 1; --i) samples.Add(i);
  EXPECT_DOUBLE_EQ(samples.Mean(), 10.5);
  EXPECT_DOUBLE_EQ(samples.Percentile(0.95), 19);
  EXPECT_DOUBLE_EQ(samples.Percentile(1.0), 20);
  EXPECT_DOUBLE_EQ(samples.Percentile(0.001), 1);
}

TEST(SamplesTest, ASingleSampleIsEveryPercentile) {
  Samples samples;
  samples.Add(7);
  EXPECT_EQ(samples.Percentile(0.95), 7);
}

TEST(SamplesTest, NoSamplesAreZero) {
  EXPECT_EQ(Samples().Mean(), 0.0);
  EXPECT_EQ(Samples().Percentile(0.95), 0.0);
}

}  // namespace
}  // namespace sluice::train
