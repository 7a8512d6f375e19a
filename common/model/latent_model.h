// What lies between encoder and decoder network while a codec is trained:
// quantization, and what symbols cost.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"

namespace sluice::model {

// s = clamp(rne(gain y - median)), y_hat = (s + median) inverse_gain: what a
// codec's tables keep of it. Each [R,C], float32.
struct QuantizerScales {
  at::Tensor gain;
  at::Tensor inverse_gain;
  at::Tensor median;
};

// One family's, over weights that it shares. `y` is float32 [N,C,h,w], `rates`
// int64 [N]; bits come in float32, also under autocast.
class LatentModel {
 public:
  virtual ~LatentModel() = default;

  // A latent as training sees it.
  struct Proxy {
    at::Tensor y_hat;  // [N,C,h,w]
    at::Tensor bits;   // [N]; under uniform noise instead of rounding.
  };
  // `noise` is uniform in [-1/2,1/2], of y's shape. Rates below
  // `first_noisy_rate` are rounded with the gradient straight through; from it
  // on the noise stands in.
  virtual Proxy Apply(const at::Tensor& y, const at::Tensor& rates,
                      const at::Tensor& noise, int first_noisy_rate) const = 0;

  // What a decoder sees: rounded at every rate. No gradient.
  virtual at::Tensor RoundedLatent(const at::Tensor& y,
                                   const at::Tensor& rates) const = 0;

  // Bits of the rounded latent under the density, per channel: [N,C].
  virtual at::Tensor RoundedBits(const at::Tensor& y,
                                 const at::Tensor& rates) const = 0;

  // Moves what follows the latents' median toward this batch's by `step` in
  // 0..1, where there is something. No gradient.
  virtual void UpdateMedian(const at::Tensor& y, double step) = 0;

  virtual QuantizerScales Scales() const = 0;
};

// x rounded, with the gradient of x.
at::Tensor RoundStraightThrough(const at::Tensor& x);

// Integer tables from the histograms counts[r][c] (symbol_fit.h).
using SymbolCounts = std::vector<std::vector<std::vector<uint64_t>>>;
absl::StatusOr<codec::CodecTables> TablesFromCounts(
    const QuantizerScales& scales, const SymbolCounts& counts);

}  // namespace sluice::model
