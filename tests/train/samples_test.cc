#include "models/train/figures/samples.h"

#include "gtest/gtest.h"

namespace sluice::train {
namespace {

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
