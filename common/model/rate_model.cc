#include "common/model/rate_model.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::model {
namespace {

constexpr int kMixtureSize = 3;
constexpr double kLikelihoodBound = 1e-9;

// [C] or [N,C] -> broadcastable over [N,C,h,w].
at::Tensor OverPositions(const at::Tensor& per_channel) {
  return per_channel.unsqueeze(-1).unsqueeze(-1);
}

at::Tensor OfRate(const at::Tensor& table, const at::Tensor& rates) {
  return OverPositions(at::index_select(table, 0, rates));
}

}  // namespace

absl::StatusOr<RateModel> RateModel::Create(int num_rates, int num_channels,
                                            const Weights& weights) {
  WeightReader reader(weights);
  RateModel model;
  model.log_gain_ = reader.Take("log_gain", {num_rates, num_channels});
  model.log_inverse_gain_ =
      reader.Take("log_inverse_gain", {num_rates, num_channels});
  model.median_ = reader.Take("median", {num_channels});
  model.mix_logit_ = reader.Take("mix_logit", {num_channels, kMixtureSize});
  model.mix_mean_ = reader.Take("mix_mean", {num_channels, kMixtureSize});
  model.mix_log_scale_ =
      reader.Take("mix_log_scale", {num_channels, kMixtureSize});
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return model;
}

// `centred` is g y - m plus noise or rounded, [N,C,h,w] -> bits [N,C,h,w].
at::Tensor RateModel::BitsOf(const at::Tensor& centred,
                             const at::Tensor& rates) const {
  const at::Tensor gain = OfRate(log_gain_.exp(), rates);
  const at::Tensor y = centred / gain + OverPositions(median_);
  const at::Tensor half = 0.5 / gain;
  const at::Tensor weight = at::softmax(mix_logit_, 1);
  at::Tensor likelihood;
  for (int k = 0; k < kMixtureSize; ++k) {
    const at::Tensor inverse_scale =
        OverPositions(at::exp(-mix_log_scale_.select(1, k)));
    // |distance| with the signs swapped accordingly keeps both sigmoids in the
    // lower tail, where float32 can tell them apart.
    const at::Tensor distance =
        (y - OverPositions(mix_mean_.select(1, k))).abs();
    const at::Tensor mass = at::sigmoid((half - distance) * inverse_scale) -
                            at::sigmoid((-half - distance) * inverse_scale);
    const at::Tensor term = mass * OverPositions(weight.select(1, k));
    likelihood = k == 0 ? term : likelihood + term;
  }
  return -at::log2(at::clamp_min(likelihood, kLikelihoodBound));
}

RateModel::Proxy RateModel::Apply(const at::Tensor& y, const at::Tensor& rates,
                                  const at::Tensor& noise,
                                  int first_noisy_rate) const {
  const at::Tensor gain = OfRate(log_gain_.exp(), rates);
  const at::Tensor median = OverPositions(median_);
  const at::Tensor gained = (y - median) * gain;
  const at::Tensor noisy = gained + noise;
  const at::Tensor is_noisy =
      (rates >= first_noisy_rate).reshape({-1, 1, 1, 1});
  const at::Tensor symbols =
      at::where(is_noisy, noisy, RoundStraightThrough(gained));
  return {.y_hat = (symbols + median * gain) *
                   OfRate(log_inverse_gain_.exp(), rates),
          .bits = BitsOf(noisy, rates).sum({1, 2, 3})};
}

at::Tensor RateModel::RoundedLatent(const at::Tensor& y,
                                    const at::Tensor& rates) const {
  const at::NoGradGuard no_grad;
  return Apply(y, rates, at::zeros_like(y), static_cast<int>(log_gain_.size(0)))
      .y_hat;
}

at::Tensor RateModel::RoundedBits(const at::Tensor& y,
                                  const at::Tensor& rates) const {
  const at::Tensor gained =
      (y - OverPositions(median_)) * OfRate(log_gain_.exp(), rates);
  return BitsOf(at::round(gained), rates).sum({2, 3});
}

void RateModel::UpdateMedian(const at::Tensor& y, double step) {
  const at::NoGradGuard no_grad;
  const at::Tensor flat = y.detach().transpose(0, 1).flatten(1);
  median_.lerp_(std::get<0>(flat.median(1)), step);
}

QuantizerScales RateModel::Scales() const {
  const at::NoGradGuard no_grad;
  const at::Tensor gain = log_gain_.exp();
  return {.gain = gain,
          .inverse_gain = log_inverse_gain_.exp(),
          .median = gain * median_};
}

Weights InitRateModel(int num_rates, const at::Tensor& y_mean,
                      const at::Tensor& y_std, double std_of_symbols) {
  const int64_t num_channels = y_mean.numel();
  at::Tensor log_gain = at::empty({num_rates, num_channels});
  for (int r = 0; r < num_rates; ++r) {
    log_gain.select(0, r).copy_(at::log(std_of_symbols / y_std) -
                                0.5 * std::log(2.0) * (num_rates - 1 - r));
  }
  // Three logistics of different widths around the mean; a logistic of scale s
  // has standard deviation 1.81 s.
  const at::Tensor spread = at::log(at::tensor({0.15f, 0.5f, 1.2f}) / 1.81);
  return {{"log_gain", log_gain},
          {"log_inverse_gain", -log_gain},
          {"median", y_mean.clone()},
          {"mix_logit", at::zeros({num_channels, kMixtureSize})},
          {"mix_mean", y_mean.unsqueeze(1).repeat({1, kMixtureSize})},
          {"mix_log_scale", at::log(y_std).unsqueeze(1) + spread.unsqueeze(0)}};
}

}  // namespace sluice::model
