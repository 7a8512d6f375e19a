// The few layers that our networks are made of, as values over shared weights.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "common/model/weights.h"

namespace sluice::model {

// How a convolution meets the border. kValid adds nothing; kSame adds (k-1)/2
// times the dilation all around; kHalf adds k/2, one more where k is even;
// kRightBottom adds one row and column at the far ends, TensorFlow's way at
// stride 2 for even sizes.
enum class Padding { kValid, kSame, kHalf, kRightBottom };

struct ConvSpec {
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
  int dilation = 1;
  Padding padding = Padding::kSame;
  bool has_bias = true;
};

// A convolution over [N,C,H,W], "<name>.weight" and "<name>.bias".
class Conv {
 public:
  Conv() = default;
  Conv(WeightReader& reader, const std::string& name, const ConvSpec& spec);

  at::Tensor operator()(const at::Tensor& x) const;

  // In float32, also under autocast: for a latent, as bfloat16's spacing
  // reaches 0.5 at 64.
  at::Tensor InFloat32(const at::Tensor& x) const;

  // Multiply-accumulates for one sample whose output has that many positions.
  double Macs(double output_positions) const;

 private:
  at::Tensor Convolve(const at::Tensor& x) const;

  ConvSpec spec_;
  at::Tensor weight_;
  at::Tensor bias_;
};

// Fresh weights for `spec`: normal with variance 2 / fan-in times scale^2 (He
// et al. 2015), zero bias if any.
void InitConv(const std::string& name, const ConvSpec& spec, double scale,
              const at::Generator& generator, Weights* weights);

// Group normalization (Wu & He, ECCV 2018) over [N,C,H,W] in float32, which
// depends on no other sample. Weights "<name>.weight" and "<name>.bias".
class GroupNorm {
 public:
  GroupNorm() = default;
  // REQUIRES: kNormGroups divides `channels`.
  GroupNorm(WeightReader& reader, const std::string& name, int channels);

  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

inline constexpr int kNormGroups = 8;

// The identity, once normalized.
void InitGroupNorm(const std::string& name, int channels, Weights* weights);

// x + expand(relu(conv3x3(relu(reduce(x))))), 1x1 - 3x3 - 1x1, no
// normalization. Weights "<name>.reduce", "<name>.conv", "<name>.expand".
class BottleneckBlock {
 public:
  BottleneckBlock(WeightReader& reader, const std::string& name, int width,
                  int middle);
  at::Tensor operator()(const at::Tensor& x) const;
  double Macs(double positions) const;

 private:
  Conv reduce_;
  Conv conv_;
  Conv expand_;
};

void InitBottleneckBlock(const std::string& name, int width, int middle,
                         const at::Generator& generator, Weights* weights);

}  // namespace sluice::model
