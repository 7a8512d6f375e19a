// The fully factorized density that the Entropic Student is trained with.
//
// One density per channel; its cumulative is sigmoid(l(x)) for a small monotone
// network l, CompressAI's EntropyBottleneck with filters (3, 3, 3, 3):
//   u_0 = x,   v_k = softplus(H_k) u_k + b_k,   l = v_4,
//   u_k+1 = v_k + tanh(a_k) * tanh(v_k) for k < 4.
// Balle et al., "Variational image compression with a scale hyperprior" (2018),
// section 6.1.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>

#include "absl/status/statusor.h"
#include "common/model/latent_model.h"
#include "common/model/weights.h"

namespace sluice::model {

// One rate, of gain 1; symbols are distances to the density's median, which is
// found by bisection where CompressAI trains "quantiles" toward it. The other
// names are those of its versions 1.1.0 to 1.2.6: "_matrix0".."_matrix4",
// "_bias0".."_bias4", "_factor0".."_factor3", each [C,out,in] or [C,out,1].
class FactorizedPrior : public LatentModel {
 public:
  static absl::StatusOr<FactorizedPrior> Create(int num_channels,
                                                const Weights& weights);

  Proxy Apply(const at::Tensor& y, const at::Tensor& rates,
              const at::Tensor& noise, int first_noisy_rate) const override;
  at::Tensor RoundedLatent(const at::Tensor& y,
                           const at::Tensor& rates) const override;
  at::Tensor RoundedBits(const at::Tensor& y,
                         const at::Tensor& rates) const override;
  void UpdateMedian(const at::Tensor& /*y*/, double /*step*/) override {}
  QuantizerScales Scales() const override;

  // Of every channel's density, [C]. No gradient.
  at::Tensor Medians() const;

 private:
  static constexpr int kLayers = 5;

  // l at x [C,1,n] -> [C,1,n].
  at::Tensor CumulativeLogits(const at::Tensor& x) const;
  // -log2 of the mass within 1/2 of `values` [N,C,h,w], summed: [N,C].
  at::Tensor BitsOf(const at::Tensor& values) const;

  int num_channels_ = 0;
  std::array<at::Tensor, kLayers> matrices_;
  std::array<at::Tensor, kLayers> biases_;
  std::array<at::Tensor, kLayers - 1> factors_;
};

// Fresh weights: about a logistic of scale 2 around 0. (CompressAI starts at 10
// and takes a thousand steps to come down to a latent of few bits.)
Weights InitFactorizedPrior(int num_channels, const at::Generator& generator);

}  // namespace sluice::model
