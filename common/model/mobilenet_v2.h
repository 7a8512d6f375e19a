// MobileNetV2 1.0 (Sandler et al., CVPR 2018), batch norm folded, in two parts.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

// The seam lies before block 4: 32 channels at 1/8 resolution.
inline constexpr int kMobileNetSeamBlock = 4;
inline constexpr int kMobileNetSeamChannels = 32;
inline constexpr int kMobileNetSeamStride = 8;
inline constexpr int kMobileNetBlocks = 17;

// An inverted residual: expand 1x1, depthwise 3x3, project 1x1 (linear).
struct InvertedResidual {
  bool has_expand = false;
  bool has_shortcut = false;
  Conv expand;
  Conv depthwise;
  Conv project;
};

// Blocks 0..3 with the stem: pictures [N,3,H,W] in [-1,1] -> features
// [N,32,H/8,W/8]. H and W are multiples of 8. Weights "stem", "block0".. .
class MobileNetEntrance {
 public:
  static absl::StatusOr<MobileNetEntrance> Create(const Weights& weights);
  at::Tensor operator()(const at::Tensor& pictures) const;

 private:
  Conv stem_;
  std::vector<InvertedResidual> blocks_;
};

// Blocks 4..16, what every task shares. Weights "block4".. .
class MobileNetBody {
 public:
  // kDilated keeps the last stage at twice the resolution: block 13 does not
  // stride and those behind it see as far by a dilation of 2 (Chen et al.,
  // "Rethinking atrous convolution", 2017).
  enum class Resolution { kStrided, kDilated };

  MobileNetBody() = default;
  MobileNetBody(WeightReader& reader, Resolution resolution);

  // Features [N,32,h,w], h and w multiples of 4 -> the outputs of blocks 5, 12
  // and 16: [N,32,h,w], [N,96,h/2,w/2] and [N,320,h/4,w/4] (h/2,w/2 dilated).
  std::vector<at::Tensor> operator()(const at::Tensor& features) const;

 private:
  std::vector<InvertedResidual> blocks_;
};

inline constexpr std::array<int, 3> kMobileNetStageChannels = {32, 96, 320};

// The body, last_conv, global average pool, classifier: features [N,32,h,w], h
// and w multiples of 4 -> logits [N,num_classes].
class MobileNetTail {
 public:
  static absl::StatusOr<MobileNetTail> Create(const Weights& weights,
                                              int num_classes);

  struct Output {
    at::Tensor deep;                 // Block 12's, for distillation.
    std::vector<at::Tensor> stages;  // The body's.
    at::Tensor logits;               // [N,num_classes]
  };
  Output operator()(const at::Tensor& features) const;

 private:
  MobileNetBody body_;
  Conv last_conv_;
  at::Tensor classifier_weight_;
  at::Tensor classifier_bias_;
};

// Splits a whole network's weights by name at the seam.
struct MobileNetWeights {
  Weights entrance;
  Weights tail;
};
MobileNetWeights SplitMobileNet(const Weights& weights);

}  // namespace sluice::model
