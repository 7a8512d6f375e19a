#include "models/train/training/rate_control.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

constexpr double kBitsPerByte = 8 / (224.0 * 224.0);

// A batch of one sample of each of two rates.
void Observe(RateControl* control, float bytes0, float bytes1,
             double warmup = 1.0) {
  control->Observe(at::arange(2, at::kLong),
                   at::tensor({bytes0, bytes1}) * kBitsPerByte,
                   at::tensor({0.5f, 0.1f}), warmup);
}

float BetaOf(const RateControl& control, int rate) {
  return control.Betas(/*warmup=*/1.0)[rate].item<float>();
}

TEST(RateControlTest, BetaRisesWhereFramesAreTooLargeAndFallsWhereTooSmall) {
  RateControl control = RateControl::Following({1000, 2000});
  Observe(&control, 1500, 1500);
  EXPECT_GT(BetaOf(control, 0), 0.1f);
  EXPECT_LT(BetaOf(control, 1), 0.1f);
}

TEST(RateControlTest, LooseTargetsAllowMore) {
  RateControl control = RateControl::Following({1000, 2000});
  Observe(&control, 1500, 3000, /*warmup=*/0.0);
  EXPECT_LT(BetaOf(control, 0), 0.1f);
}

TEST(RateControlTest, TargetOutOfReachDoesNotWindBetaUp) {
  RateControl control = RateControl::Following({1000, 2000});
  for (int i = 0; i < 2000; ++i) Observe(&control, 9000, 100);
  EXPECT_NEAR(BetaOf(control, 0), 100.0f, 1e-2f);
  EXPECT_NEAR(BetaOf(control, 1), 1e-3f, 1e-6f);
}

TEST(RateControlTest, FixedBetaStaysAndHasOneRate) {
  RateControl control = RateControl::Fixed(0.25);
  EXPECT_EQ(control.num_rates(), 1);
  control.Observe(at::zeros({1}, at::kLong), at::tensor({3.0f}),
                  at::tensor({0.5f}), 1.0);
  EXPECT_FLOAT_EQ(BetaOf(control, 0), 0.25f);
  EXPECT_THAT(control.Summary(), HasSubstr("beta 0.250 bytes 18816"));
}

TEST(RateControlTest, FixedBetaGrowsAHundredfoldOverTheWarmUp) {
  const RateControl control = RateControl::Fixed(0.5);
  EXPECT_FLOAT_EQ(control.Betas(0.0)[0].item<float>(), 0.005f);
  EXPECT_FLOAT_EQ(control.Betas(0.5)[0].item<float>(), 0.05f);
  EXPECT_FLOAT_EQ(control.Betas(1.0)[0].item<float>(), 0.5f);
}

TEST(RateControlTest, HasteMovesKnownBetasFaster) {
  RateControl slow = RateControl::Following({1000, 2000}, {0.2, 999}, 1);
  RateControl fast = RateControl::Following({1000, 2000}, {0.2, 999}, 3);
  EXPECT_FLOAT_EQ(BetaOf(slow, 0), 0.2f);
  EXPECT_NEAR(BetaOf(slow, 1), 100.0f, 1e-2f);  // Clamped as when following.
  Observe(&slow, 1500, 1500);
  Observe(&fast, 1500, 1500);
  EXPECT_GT(BetaOf(slow, 0), 0.2f);
  EXPECT_GT(BetaOf(fast, 0), BetaOf(slow, 0));
}

TEST(RunningMeansTest, EvenWeightsBringAllToTheirAverage) {
  RunningMeans means(4);
  means.Add(0, 2.0);
  means.Add(1, 0.5);
  means.Add(2, 0.01);
  const at::Tensor weights = means.EvenWeights();
  const float average = 2.51f / 3;
  EXPECT_FLOAT_EQ(weights[0].item<float>(), average / 2.0f);
  EXPECT_FLOAT_EQ(weights[1].item<float>(), average / 0.5f);
  EXPECT_FLOAT_EQ(weights[2].item<float>(), 10.0f);
  EXPECT_FLOAT_EQ(weights[3].item<float>(), 1.0f);
}

TEST(RateControlTest, StateGoesThroughJson) {
  RateControl control = RateControl::Following({1000, 2000});
  Observe(&control, 1500, 1500);
  RateControl other = RateControl::Following({1000, 2000});
  ASSERT_TRUE(other.SetState(control.State()).ok());
  EXPECT_EQ(other.Summary(), control.Summary());
}

TEST(RateControlTest, StateOfOtherRatesIsDataLoss) {
  RateControl control = RateControl::Following({1000, 2000});
  for (const nlohmann::json& state :
       {RateControl::Fixed(1).State(), nlohmann::json(), nlohmann::json(3),
        nlohmann::json({{"log_beta", {1, "2"}}})}) {
    EXPECT_EQ(control.SetState(state).code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace sluice::train
