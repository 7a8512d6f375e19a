#include "models/train/operating_points.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

EvalBatch TwoPictures() {
  EvalBatch batch;
  batch.about = {{.name = "a", .label = 0, .pixels = 1},
                 {.name = "b", .label = 0, .pixels = 1}};
  return batch;
}

std::vector<Outcome> Ranks(const std::vector<uint32_t>& ranks, float kl) {
  std::vector<Outcome> outcomes;
  for (const uint32_t rank : ranks) {
    outcomes.push_back({.bytes = 1, .rank = rank, .kl = kl});
  }
  return outcomes;
}

TEST(AddOutcomesTest, RanksAndBytesOfEachPicture) {
  std::vector<Outcome> outcomes;
  AddOutcomes({{2, 3}, {3, 2, 1, 1, 2, 3}}, TwoPictures(), {10, 20}, &outcomes);
  ASSERT_EQ(outcomes.size(), 2);
  EXPECT_EQ(outcomes[0].rank, 0);
  EXPECT_EQ(outcomes[0].bytes, 10);
  EXPECT_EQ(outcomes[1].rank, 2);
  EXPECT_EQ(outcomes[1].bytes, 20);
  EXPECT_EQ(outcomes[1].kl, 0.0f);  // There is no teacher.
}

TEST(AddOutcomesTest, WithoutCompressionThereAreNoBytes) {
  std::vector<Outcome> outcomes;
  AddOutcomes({{2, 2}, {1, 0, 1, 0}}, TwoPictures(), {}, &outcomes);
  EXPECT_EQ(outcomes[1].bytes, 0);
}

TEST(AddOutcomesTest, TheDivergenceIsFromTheTeachersAnswer) {
  EvalBatch batch = TwoPictures();
  batch.teacher_logits = base::FloatTensor{{2, 2}, {1, 0, 1, 0}};
  std::vector<Outcome> outcomes;
  AddOutcomes({{2, 2}, {1, 0, 0, 1}}, batch, {}, &outcomes);
  EXPECT_EQ(outcomes[0].kl, 0.0f);
  EXPECT_GT(outcomes[1].kl, 0.1f);
}

TEST(BetterNetworkTest, TheOneThatIsMoreOftenRight) {
  QualityPoint point;
  point.quality = 20;
  point.by_entrance = Ranks({0, 0}, 9.0f);
  point.by_teacher = Ranks({0, 1}, 0.0f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "pixel entrance");
  EXPECT_EQ(BetterNetwork(point).setting, "quality 20");
  EXPECT_EQ(BetterNetwork(point).outcomes[1].rank, 0);
  point.by_entrance = Ranks({1, 1}, 0.0f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "teacher");
  EXPECT_EQ(BetterNetwork(point).outcomes[0].rank, 0);
}

TEST(BetterNetworkTest, EquallyOftenRightTheLesserDivergenceCounts) {
  QualityPoint point;
  point.by_entrance = Ranks({0, 1}, 0.5f);
  point.by_teacher = Ranks({1, 0}, 0.4f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "teacher");
  point.by_teacher = Ranks({1, 0}, 0.6f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "pixel entrance");
}

TEST(BetterNetworkTest, WithoutATeacherThePixelEntranceCounts) {
  QualityPoint point;
  point.by_entrance = Ranks({5, 5}, 0.0f);
  EXPECT_EQ(BetterNetwork(point).scored_by, "pixel entrance");
}

TEST(QualitySettingTest, PngHasNoQuality) {
  EXPECT_EQ(QualitySetting({PixelCodec::Kind::kPng}, 0), "lossless");
  EXPECT_EQ(QualitySetting({PixelCodec::Kind::kHeic}, 7), "quality 7");
}

}  // namespace
}  // namespace sluice::train
