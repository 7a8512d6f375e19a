// DeepLabv3's head (Chen et al., 2017) with the light decoder of DeepLabv3+
// (ECCV 2018): atrous pyramid pooling, then the finest stage for sharp borders.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

struct DeepLabShape {
  int deep_channels = 320;  // Of the last stage, at 1/16 when dilated.
  int fine_channels = 32;   // Of the first stage, at 1/8.
  int width = 128;
  int fine_width = 32;
  int num_classes = 1;
};

// Atrous rates of the three 3x3 branches, in positions of the deep stage.
inline constexpr int kDeepLabRates[] = {3, 6, 9};

class DeepLabHead {
 public:
  DeepLabHead() = default;
  DeepLabHead(WeightReader& reader, const std::string& name,
              const DeepLabShape& shape);

  // Deep [N,deep_channels,h/2,w/2] and fine [N,fine_channels,h,w] -> logits
  // [N,num_classes,h,w].
  at::Tensor operator()(const at::Tensor& deep, const at::Tensor& fine) const;

 private:
  struct Layer {
    Conv conv;
    GroupNorm norm;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  static Layer ReadLayer(WeightReader& reader, const std::string& name,
                         const ConvSpec& spec);

  std::vector<Layer> branches_;
  Conv image_pool_;
  Layer project_;
  Layer fine_;
  Layer refine_;
  Conv classifier_;
};

void InitDeepLabHead(const std::string& name, const DeepLabShape& shape,
                     const at::Generator& generator, Weights* weights);

}  // namespace sluice::model
