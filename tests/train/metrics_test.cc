#include "models/train/figures/metrics.h"

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

}  // namespace
}  // namespace sluice::train
