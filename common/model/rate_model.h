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

#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/model/symbol_fit.h"
#include "common/model/weights.h"

namespace sluice::model {

// Weights: "log_gain", "log_inverse_gain" [R,C], "median" [C] (a running
// estimate, not trained), and the mixture's "mix_logit", "mix_mean",
// "mix_log_scale" [C,K].
class RateModel {
 public:
  static absl::StatusOr<RateModel> Create(int num_rates, int num_channels,
                                          const Weights& weights);

  // A latent as training sees it.
  struct Proxy {
    at::Tensor y_hat;  // [N,C,h,w]
    at::Tensor bits;   // [N]; under uniform noise instead of rounding.
  };
  // `y` is float32 [N,C,h,w], `rates` int64 [N], `noise` uniform in
  // [-1/2,1/2], of y's shape. Rates below `first_noisy_rate` are rounded with
  // the gradient straight through, as it matters there what becomes zero; from
  // it on the noise stands in, whose gradient knows that a larger gain is a
  // finer step. (Rounding alone left 9 of 32 channels alive.)
  Proxy Apply(const at::Tensor& y, const at::Tensor& rates,
              const at::Tensor& noise, int first_noisy_rate) const;

  // What a decoder sees: rounded at every rate, no gradient needed.
  at::Tensor RoundedLatent(const at::Tensor& y, const at::Tensor& rates) const;

  // Bits of the rounded latent under the density, per channel: [N,C].
  at::Tensor RoundedBits(const at::Tensor& y, const at::Tensor& rates) const;

  // Moves "median" toward this batch's by `step` in 0..1. No gradient.
  void UpdateMedian(const at::Tensor& y, double step);

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

// Integer tables from the histograms counts[r][c] (symbol_fit.h).
using SymbolCounts = std::vector<std::vector<std::vector<uint64_t>>>;
absl::StatusOr<codec::CodecTables> TablesFromCounts(const Weights& weights,
                                                    int num_rates,
                                                    int num_channels,
                                                    const SymbolCounts& counts);

}  // namespace sluice::model
