// Divisive normalization across channels without powers and roots: GDN1.
//
//   norm_i = beta_i + sum_j gamma_ij |x_j|,   y_i = x_i / norm_i, or its
//   inverse's form y_i = x_i * norm_i
//
// After Johnston et al., "Computationally efficient neural image compression"
// (2019), as CompressAI's GDN1.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "common/model/weights.h"

namespace sluice::model {

// Over [N,C,H,W]. Weights "<name>.beta" [C] and "<name>.gamma" [C,C], output
// channel first, are stored as CompressAI does, by their roots:
//   beta = max(b, sqrt(1e-6 + 2^-36))^2 - 2^-36
//   gamma = max(g, 2^-18)^2 - 2^-36
class Gdn1 {
 public:
  enum class Direction { kDivide, kMultiply };

  Gdn1() = default;
  Gdn1(WeightReader& reader, const std::string& name, int channels,
       Direction direction);

  at::Tensor operator()(const at::Tensor& x) const;

  // Of the norm, for one sample of that many positions.
  double Macs(double positions) const;

 private:
  Direction direction_ = Direction::kDivide;
  at::Tensor beta_;
  at::Tensor gamma_;
};

// CompressAI's start: beta 1, gamma 0.1 on the diagonal.
void InitGdn1(const std::string& name, int channels, Weights* weights);

}  // namespace sluice::model
