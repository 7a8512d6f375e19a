#include "common/model/factorized_prior.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/lower_bound.h"
#include "common/model/no_autocast.h"

namespace sluice::model {
namespace {

constexpr std::array<int, 6> kFilters = {1, 3, 3, 3, 3, 1};
constexpr double kInitScale = 2.0;
constexpr double kLikelihoodBound = 1e-9;
constexpr float kLargestMedian = 4096.0f;
constexpr int kBisections = 40;

}  // namespace

absl::StatusOr<FactorizedPrior> FactorizedPrior::Create(
    int num_channels, const Weights& weights) {
  WeightReader reader(weights);
  FactorizedPrior prior;
  prior.num_channels_ = num_channels;
  for (int k = 0; k < kLayers; ++k) {
    const int in = kFilters[k];
    const int out = kFilters[k + 1];
    prior.matrices_[k] =
        reader.Take(absl::StrCat("_matrix", k), {num_channels, out, in});
    prior.biases_[k] =
        reader.Take(absl::StrCat("_bias", k), {num_channels, out, 1});
    if (k == kLayers - 1) break;
    prior.factors_[k] =
        reader.Take(absl::StrCat("_factor", k), {num_channels, out, 1});
  }
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return prior;
}

at::Tensor FactorizedPrior::CumulativeLogits(const at::Tensor& x) const {
  at::Tensor logits = x;
  for (int k = 0; k < kLayers; ++k) {
    logits = at::baddbmm(biases_[k], at::softplus(matrices_[k]), logits);
    if (k == kLayers - 1) break;
    logits = at::addcmul(logits, at::tanh(factors_[k]), at::tanh(logits));
  }
  return logits;
}

at::Tensor FactorizedPrior::BitsOf(const at::Tensor& values) const {
  const NoAutocast no_autocast;
  const int64_t num_samples = values.size(0);
  const at::Tensor x = values.transpose(0, 1).reshape({num_channels_, 1, -1});
  const std::vector<at::Tensor> edges =
      CumulativeLogits(at::cat({x - 0.5, x + 0.5}, 2)).chunk(2, 2);
  // Both in the lower tail, where float32 can tell them apart. A sign of 0,
  // where they are equally far out, would make nothing of the median's own
  // mass.
  const at::Tensor in_upper_tail = (edges[0] + edges[1]) > 0;
  const at::Tensor sign = at::where(in_upper_tail, -1.0, 1.0).to(at::kFloat);
  const at::Tensor mass =
      (at::sigmoid(sign * edges[1]) - at::sigmoid(sign * edges[0])).abs();
  return -at::log2(LowerBound(mass, kLikelihoodBound))
              .reshape({num_channels_, num_samples, -1})
              .sum(2)
              .t();
}

at::Tensor FactorizedPrior::Medians() const {
  const at::NoGradGuard no_grad;
  const NoAutocast no_autocast;
  at::Tensor low = at::full_like(biases_[kLayers - 1], -kLargestMedian);
  at::Tensor high = at::full_like(low, kLargestMedian);
  for (int i = 0; i < kBisections; ++i) {
    const at::Tensor middle = (low + high) / 2;
    const at::Tensor below = CumulativeLogits(middle) < 0;
    low = at::where(below, middle, low);
    high = at::where(below, high, middle);
  }
  return ((low + high) / 2).flatten();
}

LatentModel::Proxy FactorizedPrior::Apply(const at::Tensor& y,
                                          const at::Tensor& /*rates*/,
                                          const at::Tensor& noise,
                                          int first_noisy_rate) const {
  const at::Tensor noisy = y + noise;
  const at::Tensor bits = BitsOf(noisy).sum(1);
  if (first_noisy_rate <= 0) return {.y_hat = noisy, .bits = bits};
  const at::Tensor median = Medians().reshape({1, -1, 1, 1});
  return {.y_hat = RoundStraightThrough(y - median) + median, .bits = bits};
}

at::Tensor FactorizedPrior::RoundedLatent(const at::Tensor& y,
                                          const at::Tensor& /*rates*/) const {
  const at::NoGradGuard no_grad;
  const at::Tensor median = Medians().reshape({1, -1, 1, 1});
  return at::round(y - median) + median;
}

at::Tensor FactorizedPrior::RoundedBits(const at::Tensor& y,
                                        const at::Tensor& rates) const {
  return BitsOf(RoundedLatent(y, rates));
}

QuantizerScales FactorizedPrior::Scales() const {
  const at::Tensor median = Medians().unsqueeze(0);
  return {.gain = at::ones_like(median),
          .inverse_gain = at::ones_like(median),
          .median = median};
}

Weights InitFactorizedPrior(int num_channels, const at::Generator& generator) {
  const double scale = std::pow(kInitScale, 1.0 / (kFilters.size() - 1));
  Weights weights;
  for (size_t k = 0; k + 1 < kFilters.size(); ++k) {
    const int in = kFilters[k];
    const int out = kFilters[k + 1];
    weights[absl::StrCat("_matrix", k)] =
        at::full({num_channels, out, in},
                 std::log(std::expm1(1.0 / scale / out)), at::kFloat);
    weights[absl::StrCat("_bias", k)] =
        at::empty({num_channels, out, 1}, at::kFloat)
            .uniform_(-0.5, 0.5, generator);
    if (k + 2 == kFilters.size()) break;
    weights[absl::StrCat("_factor", k)] =
        at::zeros({num_channels, out, 1}, at::kFloat);
  }
  return weights;
}

}  // namespace sluice::model
