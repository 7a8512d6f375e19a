#include "common/model/factorized_prior.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>

namespace sluice::model {
namespace {

using ::testing::HasSubstr;

constexpr int kChannels = 24;

Weights FreshWeights() {
  return InitFactorizedPrior(kChannels, at::detail::createCPUGenerator(3));
}

FactorizedPrior MakePrior(const Weights& weights) {
  auto prior = FactorizedPrior::Create(kChannels, weights);
  EXPECT_TRUE(prior.ok()) << prior.status();
  return *std::move(prior);
}

at::Tensor Latent(int64_t num_samples, int seed) {
  at::Generator generator =
      at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
  return at::empty({num_samples, kChannels, 7, 7}).normal_(1, 4, generator);
}

const at::Tensor kRates = at::zeros({2}, at::kLong);

TEST(FactorizedPriorTest, NamesAndSizesAreCompressAIs) {
  const Weights weights = FreshWeights();
  int64_t num_values = 0;
  for (const auto& [name, weight] : weights) num_values += weight.numel();
  // Its 1,464 less the three quantiles per channel.
  EXPECT_EQ(num_values, 1464 - 3 * kChannels);
  EXPECT_EQ(weights.at("_matrix0").sizes(), at::IntArrayRef({24, 3, 1}));
  EXPECT_EQ(weights.at("_matrix3").sizes(), at::IntArrayRef({24, 3, 3}));
  EXPECT_EQ(weights.at("_matrix4").sizes(), at::IntArrayRef({24, 1, 3}));
  EXPECT_EQ(weights.at("_bias4").sizes(), at::IntArrayRef({24, 1, 1}));
  EXPECT_EQ(weights.at("_factor3").sizes(), at::IntArrayRef({24, 3, 1}));
  EXPECT_FALSE(weights.contains("_factor4"));
}

TEST(FactorizedPriorTest, MassOfAllSymbolsIsOne) {
  const FactorizedPrior prior = MakePrior(FreshWeights());
  const at::Tensor median = prior.Medians().reshape({1, -1, 1, 1});
  at::Tensor sum = at::zeros({kChannels});
  const at::Tensor rate = at::zeros({1}, at::kLong);
  for (int s = -400; s <= 400; ++s) {
    sum += at::exp2(-prior.RoundedBits(median + s, rate)[0]);
  }
  EXPECT_TRUE(at::allclose(sum, at::ones({kChannels}), 1e-3, 1e-3)) << sum;
}

TEST(FactorizedPriorTest, HalfTheMassLiesBelowTheMedian) {
  const FactorizedPrior prior = MakePrior(FreshWeights());
  const at::Tensor median = prior.Medians().reshape({1, -1, 1, 1});
  const at::Tensor rate = at::zeros({1}, at::kLong);
  at::Tensor below = at::zeros({kChannels});
  for (int s = -400; s < 0; ++s) {
    below += at::exp2(-prior.RoundedBits(median + s, rate)[0]);
  }
  const at::Tensor at_median = at::exp2(-prior.RoundedBits(median, rate)[0]);
  // The symbol of the median lies half on either side, about.
  EXPECT_TRUE(
      at::allclose(below + at_median / 2, at::full({kChannels}, 0.5), 0, 1e-2));
}

TEST(FactorizedPriorTest, ReconstructionIsWithinHalfAStepOfTheLatent) {
  const FactorizedPrior prior = MakePrior(FreshWeights());
  const at::Tensor y = Latent(2, 5);
  const at::Tensor error = (prior.RoundedLatent(y, kRates) - y).abs();
  EXPECT_LE(error.max().item<float>(), 0.5f + 1e-5f);
}

TEST(FactorizedPriorTest, NoiseStandsInForRounding) {
  const FactorizedPrior prior = MakePrior(FreshWeights());
  const at::Tensor y = Latent(2, 5);
  const at::Tensor noise = at::full_like(y, 0.25);
  const LatentModel::Proxy noisy = prior.Apply(y, kRates, noise, 0);
  EXPECT_TRUE(at::allclose(noisy.y_hat, y + 0.25));
  EXPECT_EQ(noisy.bits.sizes(), at::IntArrayRef({2}));
  const LatentModel::Proxy rounded = prior.Apply(y, kRates, noise, 64);
  EXPECT_TRUE(at::allclose(rounded.y_hat, prior.RoundedLatent(y, kRates)));
}

TEST(FactorizedPriorTest, BitsAreTheSameUnderAutocast) {
  const FactorizedPrior prior = MakePrior(FreshWeights());
  const at::Tensor y = Latent(2, 8);
  const at::Tensor expected = prior.RoundedBits(y, kRates);
  at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  at::autocast::set_cpu_enabled(true);
  const at::Tensor found = prior.RoundedBits(y, kRates);
  at::autocast::set_cpu_enabled(false);
  at::autocast::clear_cache();
  EXPECT_TRUE(at::equal(found, expected));
}

TEST(FactorizedPriorTest, TrainingFitsTheDensityToALatent) {
  Weights weights = FreshWeights();
  std::vector<at::Tensor> trainable;
  for (auto& [name, weight] : weights) {
    trainable.push_back(weight.requires_grad_(true));
  }
  const FactorizedPrior prior = MakePrior(weights);
  const at::Tensor y = Latent(2, 9) / 8;
  const at::Tensor noise = at::zeros_like(y);
  const auto bits = [&] { return prior.Apply(y, kRates, noise, 0).bits.sum(); };
  const float before = bits().item<float>();
  for (int step = 0; step < 100; ++step) {
    const at::Tensor loss = bits() / y.numel();
    loss.backward();
    const at::NoGradGuard no_grad;
    for (at::Tensor& weight : trainable) {
      weight -= 2.0 * weight.grad();
      weight.mutable_grad().zero_();
    }
  }
  EXPECT_LT(bits().item<float>(), 0.8f * before);
}

TEST(FactorizedPriorTest, ScalesAreOneRateOfGainOne) {
  const FactorizedPrior prior = MakePrior(FreshWeights());
  const QuantizerScales scales = prior.Scales();
  EXPECT_TRUE(at::equal(scales.gain, at::ones({1, kChannels})));
  EXPECT_TRUE(at::equal(scales.inverse_gain, at::ones({1, kChannels})));
  EXPECT_TRUE(at::equal(scales.median[0], prior.Medians()));
}

TEST(FactorizedPriorTest, MissingMatrixIsNamed) {
  Weights weights = FreshWeights();
  weights.erase("_matrix2");
  EXPECT_THAT(
      std::string(
          FactorizedPrior::Create(kChannels, weights).status().message()),
      HasSubstr("_matrix2"));
}

TEST(FactorizedPriorTest, BiasOfAnotherChannelCountIsNamed) {
  Weights weights = FreshWeights();
  weights["_bias1"] = at::zeros({kChannels + 1, 3, 1});
  EXPECT_THAT(
      std::string(
          FactorizedPrior::Create(kChannels, weights).status().message()),
      HasSubstr("_bias1"));
}

}  // namespace
}  // namespace sluice::model
