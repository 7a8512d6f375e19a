#include "common/model/fpn.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"

namespace sluice::model {
namespace {

ConvSpec Lateral(const FpnShape& shape, size_t level) {
  return {.in_channels = shape.in_channels[level], .out_channels = shape.width};
}

ConvSpec Output(const FpnShape& shape) {
  return {.in_channels = shape.width, .out_channels = shape.width, .kernel = 3};
}

}  // namespace

Fpn::Fpn(WeightReader& reader, const std::string& name, const FpnShape& shape) {
  for (size_t level = 0; level < shape.in_channels.size(); ++level) {
    lateral_.emplace_back(reader, absl::StrCat(name, ".lateral", level),
                          Lateral(shape, level));
    output_.emplace_back(reader, absl::StrCat(name, ".output", level),
                         Output(shape));
  }
}

std::vector<at::Tensor> Fpn::operator()(
    const std::vector<at::Tensor>& stages) const {
  std::vector<at::Tensor> pyramid(stages.size());
  at::Tensor coarser;
  for (size_t level = stages.size(); level-- > 0;) {
    at::Tensor x = lateral_[level](stages[level]);
    if (coarser.defined()) {
      x = x + at::upsample_nearest2d(coarser, x.sizes().slice(2));
    }
    coarser = x;
    pyramid[level] = output_[level](x);
  }
  return pyramid;
}

void InitFpn(const std::string& name, const FpnShape& shape,
             const at::Generator& generator, Weights* weights) {
  for (size_t level = 0; level < shape.in_channels.size(); ++level) {
    InitConv(absl::StrCat(name, ".lateral", level), Lateral(shape, level), 0.7,
             generator, weights);
    InitConv(absl::StrCat(name, ".output", level), Output(shape), 0.7,
             generator, weights);
  }
}

}  // namespace sluice::model
