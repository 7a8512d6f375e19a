#include "common/model/rate_model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/model/symbol_fit.h"

namespace sluice::model {
namespace {

constexpr int kRates = 3;
constexpr int kChannels = 4;

Weights MakeWeights() {
  return InitRateModel(kRates, at::tensor({0.0f, 1.0f, -2.0f, 0.3f}),
                       at::tensor({1.0f, 2.0f, 0.5f, 1.0f}), 6.0);
}

QuantizerScales MakeScales() {
  const auto model = RateModel::Create(kRates, kChannels, MakeWeights());
  EXPECT_TRUE(model.ok()) << model.status();
  return model->Scales();
}

at::Tensor NormalLatent(int64_t batch, int seed) {
  at::Generator generator =
      at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
  const at::Tensor unit =
      at::empty({batch, kChannels, 16, 16}).normal_(0, 1, generator);
  return unit * at::tensor({1.0f, 2.0f, 0.5f, 1.0f}).reshape({1, -1, 1, 1}) +
         at::tensor({0.0f, 1.0f, -2.0f, 0.3f}).reshape({1, -1, 1, 1});
}

TEST(RateModelTest, LikelihoodsOfAllSymbolsSumToOne) {
  const auto model = RateModel::Create(kRates, kChannels, MakeWeights());
  ASSERT_TRUE(model.ok()) << model.status();
  const Weights weights = MakeWeights();
  for (int r = 0; r < kRates; ++r) {
    at::Tensor sum = at::zeros({kChannels});
    const at::Tensor gain = weights.at("log_gain")[r].exp();
    for (int s = -200; s <= 200; ++s) {
      // The latent whose rounded symbol is s: y = s / g + median.
      const at::Tensor y =
          (s / gain + weights.at("median")).reshape({1, kChannels, 1, 1});
      const at::Tensor bits =
          model->RoundedBits(y, at::full({1}, r, at::kLong));
      sum += at::exp2(-bits[0]);
    }
    EXPECT_TRUE(at::allclose(sum, at::ones({kChannels}), 1e-3, 1e-3)) << sum;
  }
}

TEST(RateModelTest, ReconstructionIsWithinHalfAStep) {
  const auto model = RateModel::Create(kRates, kChannels, MakeWeights());
  ASSERT_TRUE(model.ok());
  const at::Tensor y = NormalLatent(kRates, 7);
  const at::Tensor rates = at::arange(kRates, at::kLong);
  const at::Tensor y_hat = model->RoundedLatent(y, rates);
  const at::Tensor half_step =
      (0.5 / MakeWeights().at("log_gain").exp()).reshape({kRates, -1, 1, 1});
  EXPECT_TRUE(((y - y_hat).abs() <= half_step + 1e-5).all().item<bool>());
}

TEST(RateModelTest, LowerRatesCostFewerBits) {
  const auto model = RateModel::Create(kRates, kChannels, MakeWeights());
  ASSERT_TRUE(model.ok());
  const at::Tensor y = NormalLatent(1, 3).repeat({kRates, 1, 1, 1});
  const at::Tensor bits =
      model->RoundedBits(y, at::arange(kRates, at::kLong)).sum(1);
  EXPECT_LT(bits[0].item<float>(), bits[1].item<float>());
  EXPECT_LT(bits[1].item<float>(), bits[2].item<float>());
}

TEST(RateModelTest, RoundingPassesTheGradientStraightThrough) {
  Weights weights = MakeWeights();
  const auto model = RateModel::Create(kRates, kChannels, weights);
  ASSERT_TRUE(model.ok());
  at::Tensor y = NormalLatent(1, 5);
  y.requires_grad_(true);
  const at::Tensor rates = at::zeros({1}, at::kLong);
  model->Apply(y, rates, at::zeros_like(y.detach()), kRates)
      .y_hat.sum()
      .backward();
  EXPECT_TRUE(at::allclose(y.grad(), at::ones_like(y.detach())));
}

TEST(TablesFromCountsTest, CrossEntropyIsNearTheCountsEntropy) {
  SymbolCounts counts(
      kRates, std::vector<std::vector<uint64_t>>(
                  kChannels, std::vector<uint64_t>(2 * kCountRange + 1, 0)));
  for (auto& rate : counts) {
    for (auto& histogram : rate) {
      for (int s = -9; s <= 9; ++s) {
        histogram[s + kCountRange] =
            static_cast<uint64_t>(1e6 * std::exp(-0.5 * s * s / 4.0));
      }
    }
  }
  const auto tables = TablesFromCounts(MakeScales(), counts);
  ASSERT_TRUE(tables.ok()) << tables.status();
  const codec::QuantizedCdf& cdf = tables->rate(1)[2].cdf;
  double total = 0, entropy = 0, cross = 0;
  const auto& histogram = counts[1][2];
  for (const uint64_t count : histogram) total += static_cast<double>(count);
  for (int k = 0; k < cdf.num_symbols(); ++k) {
    const double p =
        static_cast<double>(histogram[cdf.min_symbol() + k + kCountRange]) /
        total;
    const double q = (cdf.cdf()[k + 1] - cdf.cdf()[k]) / 4096.0;
    if (p > 0) {
      entropy -= p * std::log2(p);
      cross -= p * std::log2(q);
    }
  }
  EXPECT_LT(cross, entropy * 1.001);
}

TEST(TablesFromCountsTest, ChannelWithoutAnySymbolStillGetsATable) {
  const SymbolCounts counts(
      kRates, std::vector<std::vector<uint64_t>>(
                  kChannels, std::vector<uint64_t>(2 * kCountRange + 1, 0)));
  EXPECT_TRUE(TablesFromCounts(MakeScales(), counts).ok());
}

}  // namespace
}  // namespace sluice::model
