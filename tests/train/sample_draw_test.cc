#include "models/train/training/sample_draw.h"

#include <array>
#include <map>
#include <set>

#include "gtest/gtest.h"

namespace sluice::train {
namespace {

constexpr std::array<size_t, 4> kMembers = {2, 3, 5, 9};

uint64_t FirstNumber(uint64_t seed, int64_t index, int sample) {
  return DrawSample(kMembers, seed, index, sample).random();
}

TEST(SampleDrawTest, DependsOnItsArgumentsAlone) {
  SampleDraw first = DrawSample(kMembers, 1, 2, 3);
  SampleDraw again = DrawSample(kMembers, 1, 2, 3);
  EXPECT_EQ(first.member, again.member);
  EXPECT_EQ(first.random, again.random);
}

TEST(SampleDrawTest, EveryBitOfEveryArgumentCounts) {
  std::set<uint64_t> numbers = {FirstNumber(1, 2, 3)};
  size_t num_drawn = 1;
  for (int bit = 0; bit < 64; ++bit) {
    numbers.insert(FirstNumber(1 ^ (uint64_t{1} << bit), 2, 3));
    ++num_drawn;
  }
  for (int bit = 0; bit < 63; ++bit) {
    numbers.insert(FirstNumber(1, 2 ^ (int64_t{1} << bit), 3));
    ++num_drawn;
  }
  for (int sample = 4; sample < 100; ++sample) {
    numbers.insert(FirstNumber(1, 2, sample));
    ++num_drawn;
  }
  EXPECT_EQ(numbers.size(), num_drawn);
}

TEST(SampleDrawTest, EveryMemberIsAboutAsLikely) {
  std::map<size_t, int> counts;
  for (int64_t index = 0; index < 400; ++index) {
    ++counts[DrawSample(kMembers, 7, index, 0).member];
  }
  ASSERT_EQ(counts.size(), kMembers.size());
  for (const size_t member : kMembers) {
    EXPECT_NEAR(counts[member], 100, 40) << member;
  }
}

TEST(SampleDrawTest, OneMemberIsAlwaysDrawn) {
  const std::array<size_t, 1> only = {6};
  for (int sample = 0; sample < 10; ++sample) {
    EXPECT_EQ(DrawSample(only, 0, 0, sample).member, 6u);
  }
}

}  // namespace
}  // namespace sluice::train
