// Gains, medians and the factorized-prior density behind a codec's tables.
//
// One density F_c per channel over the ungained latent, a mixture of logistics;
// at rate r a gain g gives (DESIGN section 8)
//   s = clamp(rne(g y - m)),   y_hat = (s + m) g',
//   p(s) = F_c((s + m + 1/2) / g) - F_c((s + m - 1/2) / g),
// with m = g * median_c. Factorized prior: Balle et al., "Variational image
// compression with a scale hyperprior" (2018), section 6.1.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "common/model/latent_model.h"
#include "common/model/weights.h"

namespace sluice::model {

// Weights: "log_gain", "log_inverse_gain" [R,C], "median" [C] (a running
// estimate, not trained), and the mixture's "mix_logit", "mix_mean",
// "mix_log_scale" [C,K].
class RateModel : public LatentModel {
 public:
  static absl::StatusOr<RateModel> Create(int num_rates, int num_channels,
                                          const Weights& weights);

  // In Apply it matters at low rates what becomes zero, and so they round; the
  // noise's gradient knows that a larger gain is a finer step. (Rounding alone
  // left 9 of 32 channels alive.)
  Proxy Apply(const at::Tensor& y, const at::Tensor& rates,
              const at::Tensor& noise, int first_noisy_rate) const override;
  at::Tensor RoundedLatent(const at::Tensor& y,
                           const at::Tensor& rates) const override;
  at::Tensor RoundedBits(const at::Tensor& y,
                         const at::Tensor& rates) const override;
  void UpdateMedian(const at::Tensor& y, double step) override;
  QuantizerScales Scales() const override;

 private:
  RateModel() = default;
  at::Tensor BitsOf(const at::Tensor& centred, const at::Tensor& rates) const;

  at::Tensor log_gain_, log_inverse_gain_, median_;
  at::Tensor mix_logit_, mix_mean_, mix_log_scale_;
};

// Fresh weights: gains such that a channel of standard deviation `y_std` [C]
// has `std_of_symbols` at the highest rate, and 1/sqrt(2) of the next higher
// rate's below.
Weights InitRateModel(int num_rates, const at::Tensor& y_mean,
                      const at::Tensor& y_std, double std_of_symbols);

}  // namespace sluice::model
