#include "models/train/eval/operating_points.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

std::vector<Outcome> Ranks(const std::vector<uint32_t>& ranks, float kl) {
  std::vector<Outcome> outcomes;
  for (const uint32_t rank : ranks) {
    outcomes.push_back({.bytes = 1, .rank = rank, .kl = kl});
  }
  return outcomes;
}

TEST(BetterNetworkTest, TheOneThatIsMoreOftenRight) {
  QualityPoint point;
  point.quality = 20;
  point.by_entrance.outcomes = Ranks({0, 0}, 9.0f);
  point.by_teacher = Ranks({0, 1}, 0.0f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "pixel entrance");
  EXPECT_EQ(BetterNetwork(point).setting, "quality 20");
  EXPECT_EQ(BetterNetwork(point).outcomes[1].rank, 0);
  point.by_entrance.outcomes = Ranks({1, 1}, 0.0f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "teacher");
  EXPECT_EQ(BetterNetwork(point).outcomes[0].rank, 0);
}

TEST(BetterNetworkTest, EquallyOftenRightTheLesserDivergenceCounts) {
  QualityPoint point;
  point.by_entrance.outcomes = Ranks({0, 1}, 0.5f);
  point.by_teacher = Ranks({1, 0}, 0.4f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "teacher");
  point.by_teacher = Ranks({1, 0}, 0.6f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "pixel entrance");
}

TEST(BetterNetworkTest, WithoutATeacherThePixelEntranceCounts) {
  QualityPoint point;
  point.by_entrance.outcomes = Ranks({5, 5}, 0.0f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "pixel entrance");
}

TEST(BetterNetworkTest, TheEvidenceOfAnotherTaskIsKept) {
  QualityPoint point;
  point.by_entrance.outcomes = Ranks({0}, 0.0f);
  point.by_entrance.matches.resize(1);
  EXPECT_EQ(BetterNetwork(point).matches.size(), 1);
}

TEST(QualitySettingTest, PngHasNoQuality) {
  EXPECT_EQ(QualitySetting({PixelCodec::Kind::kPng}, 0), "lossless");
  EXPECT_EQ(QualitySetting({PixelCodec::Kind::kHeic}, 7), "quality 7");
}

}  // namespace
}  // namespace sluice::train
