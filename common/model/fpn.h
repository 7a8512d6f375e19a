// Feature pyramid network (Lin et al., CVPR 2017): maps of one width at every
// resolution of a backbone.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

struct FpnShape {
  std::vector<int> in_channels;  // Of the backbone's stages, finest first.
  int width = 64;
};

// Each stage twice as coarse as the one before. Weights "<name>.lateral0..",
// 1x1, and "<name>.output0..", 3x3.
class Fpn {
 public:
  Fpn() = default;
  Fpn(WeightReader& reader, const std::string& name, const FpnShape& shape);

  // [N,in_channels[l],h_l,w_l] -> [N,width,h_l,w_l], finest first. Coarser maps
  // reach finer ones by nearest-neighbour enlarging.
  std::vector<at::Tensor> operator()(
      const std::vector<at::Tensor>& stages) const;

 private:
  std::vector<Conv> lateral_;
  std::vector<Conv> output_;
};

void InitFpn(const std::string& name, const FpnShape& shape,
             const at::Generator& generator, Weights* weights);

}  // namespace sluice::model
