#include "models/train/figures/resampler.h"

#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

TEST(ResamplerTest, DrawsTheSameOnEveryMachine) {
  // The first draws of mt19937_64 seeded with 5489 are 14514284786278117030,
  // 4620546740167642908, 13109570281517897720, 17462938647148434322 and
  // 355488278567739596: of 5 pictures, numbers 3, 1, 3, 4 and 0.
  Resampler resampler(5, 5489);
  EXPECT_THAT(resampler.Next(), ElementsAre(1, 1, 0, 2, 1));
}

TEST(ResamplerTest, DrawsAsManyAsThereAre) {
  Resampler resampler(666, 7);
  for (int i = 0; i < 100; ++i) {
    const std::span<const uint32_t> counts = resampler.Next();
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0u), 666u);
  }
}

TEST(ResamplerTest, DrawsEveryPictureAboutEquallyOften) {
  constexpr int kRounds = 10000;
  std::vector<int> totals(10);
  Resampler resampler(totals.size(), 3);
  for (int i = 0; i < kRounds; ++i) {
    const std::span<const uint32_t> counts = resampler.Next();
    for (size_t k = 0; k < totals.size(); ++k) {
      totals[k] += static_cast<int>(counts[k]);
    }
  }
  // Six standard deviations of a binomial count.
  for (const int total : totals) EXPECT_NEAR(total, kRounds, 570);
}

TEST(ResamplerTest, SeedsDiffer) {
  Resampler a(100, 1);
  Resampler b(100, 2);
  EXPECT_THAT(a.Next(), ::testing::Not(ElementsAreArray(b.Next())));
}

TEST(ResamplerTest, ResamplesDiffer) {
  Resampler resampler(100, 1);
  const std::span<const uint32_t> next = resampler.Next();
  const std::vector<uint32_t> first(next.begin(), next.end());
  EXPECT_THAT(resampler.Next(), ::testing::Not(ElementsAreArray(first)));
}

TEST(ResamplerTest, OnePictureIsAlwaysDrawn) {
  Resampler resampler(1, 1);
  EXPECT_THAT(resampler.Next(), ElementsAre(1));
}

TEST(ResamplerTest, NoPicturesAreNoDraws) {
  EXPECT_TRUE(Resampler(0, 1).Next().empty());
}

TEST(MiddleIntervalTest, LeavesOutTheOuterFortieths) {
  Samples values;
  for (int i = 1000; i >= 1; --i) values.Add(i);
  EXPECT_EQ(MiddleInterval(values).low, 25);
  EXPECT_EQ(MiddleInterval(values).high, 975);
}

TEST(MiddleIntervalTest, EqualValuesHaveNoSpread) {
  Samples values;
  for (int i = 0; i < 10; ++i) values.Add(0.5);
  EXPECT_EQ(MiddleInterval(values).low, 0.5);
  EXPECT_EQ(MiddleInterval(values).length(), 0.0);
}

}  // namespace
}  // namespace sluice::train
