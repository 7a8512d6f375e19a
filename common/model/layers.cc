#include "common/model/layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "common/model/no_autocast.h"

namespace sluice::model {

Conv::Conv(WeightReader& reader, const std::string& name, const ConvSpec& spec)
    : spec_(spec),
      weight_(reader.Take(name + ".weight",
                          {spec.out_channels, spec.in_channels / spec.groups,
                           spec.kernel, spec.kernel})),
      bias_(spec.has_bias ? reader.Take(name + ".bias", {spec.out_channels})
                          : at::Tensor()) {}

at::Tensor Conv::operator()(const at::Tensor& x) const {
  // In bfloat16, LibTorch 1.13 leaves the weight gradient of a dilated
  // depthwise convolution unwritten.
  if (spec_.dilation > 1 && spec_.groups > 1 && weight_.requires_grad()) {
    return InFloat32(x);
  }
  return Convolve(x);
}

at::Tensor Conv::Convolve(const at::Tensor& x) const {
  const int border = spec_.padding == Padding::kSame
                         ? spec_.dilation * (spec_.kernel - 1) / 2
                     : spec_.padding == Padding::kHalf ? spec_.kernel / 2
                                                       : 0;
  const at::Tensor padded = spec_.padding == Padding::kRightBottom
                                ? at::constant_pad_nd(x, {0, 1, 0, 1})
                                : x;
  return at::conv2d(padded, weight_, bias_, spec_.stride, border,
                    spec_.dilation, spec_.groups);
}

at::Tensor Conv::InFloat32(const at::Tensor& x) const {
  const NoAutocast no_autocast;
  return Convolve(x.to(at::kFloat));
}

double Conv::Macs(double output_positions) const {
  return output_positions * spec_.out_channels * spec_.in_channels /
         spec_.groups * spec_.kernel * spec_.kernel;
}

void InitConv(const std::string& name, const ConvSpec& spec, double scale,
              const at::Generator& generator, Weights* weights) {
  const int fan_in = spec.in_channels / spec.groups * spec.kernel * spec.kernel;
  at::Tensor weight =
      at::empty({spec.out_channels, spec.in_channels / spec.groups, spec.kernel,
                 spec.kernel},
                at::kFloat);
  weight.normal_(0.0, scale * std::sqrt(2.0 / fan_in), generator);
  (*weights)[name + ".weight"] =
      weight.contiguous(at::MemoryFormat::ChannelsLast);
  if (spec.has_bias) {
    (*weights)[name + ".bias"] = at::zeros({spec.out_channels}, at::kFloat);
  }
}

GroupNorm::GroupNorm(WeightReader& reader, const std::string& name,
                     int channels)
    : weight_(reader.Take(name + ".weight", {channels})),
      bias_(reader.Take(name + ".bias", {channels})) {}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  const NoAutocast no_autocast;
  return at::group_norm(x.to(at::kFloat), kNormGroups, weight_, bias_);
}

void InitGroupNorm(const std::string& name, int channels, Weights* weights) {
  (*weights)[name + ".weight"] = at::ones({channels}, at::kFloat);
  (*weights)[name + ".bias"] = at::zeros({channels}, at::kFloat);
}

namespace {

ConvSpec Pointwise(int in_channels, int out_channels) {
  return {.in_channels = in_channels, .out_channels = out_channels};
}

ConvSpec Square3(int channels) {
  return {.in_channels = channels, .out_channels = channels, .kernel = 3};
}

}  // namespace

BottleneckBlock::BottleneckBlock(WeightReader& reader, const std::string& name,
                                 int width, int middle)
    : reduce_(reader, name + ".reduce", Pointwise(width, middle)),
      conv_(reader, name + ".conv", Square3(middle)),
      expand_(reader, name + ".expand", Pointwise(middle, width)) {}

at::Tensor BottleneckBlock::operator()(const at::Tensor& x) const {
  return x + expand_(at::relu(conv_(at::relu(reduce_(x)))));
}

double BottleneckBlock::Macs(double positions) const {
  return reduce_.Macs(positions) + conv_.Macs(positions) +
         expand_.Macs(positions);
}

void InitBottleneckBlock(const std::string& name, int width, int middle,
                         const at::Generator& generator, Weights* weights) {
  InitConv(name + ".reduce", Pointwise(width, middle), 1.0, generator, weights);
  InitConv(name + ".conv", Square3(middle), 1.0, generator, weights);
  // Small, so that a fresh stack of blocks starts near the identity.
  InitConv(name + ".expand", Pointwise(middle, width), 0.2, generator, weights);
}

}  // namespace sluice::model
