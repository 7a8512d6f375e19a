#include "models/train/training/warm_start.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <optional>

#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

class WarmStartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto id = testing::WriteTinyCodec(folder_ / "codec", 3);
    ASSERT_TRUE(id.ok()) << id.status();
    auto codec =
        artifact::LoadCodec(folder_ / "codec", artifact::CodecHalf::kBoth);
    ASSERT_TRUE(codec.ok()) << codec.status();
    codec_ = *std::move(codec);
    codec_->about["target_bytes"] = {1000, 4000};
  }

  float Gain(const artifact::CodecArtifact& codec, int rate, int channel) {
    return codec.tables.rate(rate)[channel].gain;
  }

  const testing::ScratchFolder folder_;
  std::optional<artifact::CodecArtifact> codec_;
};

TEST_F(WarmStartTest, SharedTargetsKeepTheirGains) {
  const auto more = WithRates(*codec_, {500, 1000, 2000, 4000, 8000});
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ(more->spec.num_rates, 5);
  EXPECT_EQ(more->tables.num_rates(), 5);
  for (int c = 0; c < codec_->tables.num_channels(); ++c) {
    EXPECT_FLOAT_EQ(Gain(*more, 1, c), Gain(*codec_, 0, c));
    EXPECT_FLOAT_EQ(Gain(*more, 3, c), Gain(*codec_, 1, c));
    EXPECT_NEAR(Gain(*more, 2, c),
                std::sqrt(Gain(*codec_, 0, c) * Gain(*codec_, 1, c)),
                1e-5 * Gain(*more, 2, c));
  }
}

TEST_F(WarmStartTest, GainsGoOnBeyondTheEnds) {
  const auto more = WithRates(*codec_, {500, 1000, 4000, 8000});
  ASSERT_TRUE(more.ok()) << more.status();
  for (int c = 0; c < codec_->tables.num_channels(); ++c) {
    EXPECT_LT(Gain(*more, 0, c), Gain(*more, 1, c));
    EXPECT_GT(Gain(*more, 3, c), Gain(*more, 2, c));
  }
}

TEST_F(WarmStartTest, DecoderFollowsTheRates) {
  const auto more = WithRates(*codec_, {1000, 2000, 4000});
  ASSERT_TRUE(more.ok()) << more.status();
  for (const char* name : {"decoder.rate_scale", "decoder.rate_shift"}) {
    EXPECT_EQ(more->decoder.at(name).shape[0], 3) << name;
  }
}

TEST_F(WarmStartTest, OneRateIsAmongThem) {
  const auto one = WithRates(*codec_, {2000});
  ASSERT_TRUE(one.ok()) << one.status();
  artifact::CodecArtifact single = *one;
  single.about["target_bytes"] = nlohmann::json::array({2000});
  const auto again = WithRates(single, {1000, 2000});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FLOAT_EQ(Gain(*again, 1, 0), Gain(*one, 0, 0));
}

TEST_F(WarmStartTest, GainsAreScaledToTheTargets) {
  at::Generator generator = at::detail::createCPUGenerator(1);
  const at::Tensor y = at::randn({2, 3, 64, 64}, generator);
  model::Weights rate = {{"log_gain", at::zeros({2, 3})},
                         {"log_inverse_gain", at::zeros({2, 3})},
                         {"median", at::zeros({3})}};
  // A normal variable of deviation s >> 1, rounded, has log2(s sqrt(2 pi e))
  // bits: here 5 and 6 bits for each of 12,288 values.
  const double values = 3 * 64 * 64;
  MatchSizes(y, {4 * values * 5 / 8, 4 * values * 6 / 8}, 0.25, &rate);
  const double sqrt_2_pi_e = std::sqrt(2 * std::numbers::pi * std::numbers::e);
  for (int r = 0; r < 2; ++r) {
    const double gain =
        std::exp(rate.at("log_gain").index({r, 0}).item<double>());
    EXPECT_NEAR(std::log2(gain * sqrt_2_pi_e), 5 + r, 0.05);
    EXPECT_FLOAT_EQ(rate.at("log_gain").index({r, 1}).item<float>(),
                    -rate.at("log_inverse_gain").index({r, 1}).item<float>());
  }
}

TEST_F(WarmStartTest, CodecWithoutTargetsIsRefused) {
  codec_->about.erase("target_bytes");
  const auto refused = WithRates(*codec_, {1000});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("expected 2 ascending sizes in about.target_bytes"));
}

TEST_F(WarmStartTest, TargetsThatDescendAreRefused) {
  codec_->about["target_bytes"] = {4000, 1000};
  EXPECT_EQ(WithRates(*codec_, {1000}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(WarmStartTest, OtherFamilyIsNotFound) {
  codec_->spec.family = "entropic_student";
  EXPECT_EQ(WithRates(*codec_, {1000}).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
