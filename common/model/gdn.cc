#include "common/model/gdn.h"

#include <ATen/ATen.h>

#include <cmath>

#include "common/model/lower_bound.h"

namespace sluice::model {
namespace {

constexpr double kPedestal = 1.0 / (int64_t{1} << 36);
constexpr double kMinBeta = 1e-6;

// A stored root to what it stands for, at least `min`.
at::Tensor FromRoot(const at::Tensor& root, double min) {
  return LowerBound(root, std::sqrt(min + kPedestal)).square() - kPedestal;
}

at::Tensor ToRoot(const at::Tensor& value) {
  return at::sqrt(value + kPedestal);
}

}  // namespace

Gdn1::Gdn1(WeightReader& reader, const std::string& name, int channels,
           Direction direction)
    : direction_(direction),
      beta_(reader.Take(name + ".beta", {channels})),
      gamma_(reader.Take(name + ".gamma", {channels, channels})) {}

at::Tensor Gdn1::operator()(const at::Tensor& x) const {
  const at::Tensor gamma = FromRoot(gamma_, 0).unsqueeze(-1).unsqueeze(-1);
  const at::Tensor norm = at::conv2d(x.abs(), gamma, FromRoot(beta_, kMinBeta));
  return direction_ == Direction::kDivide ? x / norm : x * norm;
}

double Gdn1::Macs(double positions) const {
  return positions * static_cast<double>(gamma_.numel());
}

void InitGdn1(const std::string& name, int channels, Weights* weights) {
  (*weights)[name + ".beta"] = ToRoot(at::ones({channels}));
  (*weights)[name + ".gamma"] =
      ToRoot(0.5 * at::eye(channels) + 0.5 / channels);
}

}  // namespace sluice::model
