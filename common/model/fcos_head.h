// One-stage anchor-free detection head: FCOS (Tian et al., ICCV 2019), its
// centerness replaced by the box's expected IoU (as in VarifocalNet, CVPR
// 2021).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

struct FcosShape {
  int width = 64;     // Of the pyramid, and of both towers.
  int num_convs = 2;  // 3x3 convolutions a tower.
  int num_classes = 1;
  int num_levels = 3;
  int finest_stride = 8;  // Input pixels per position of the finest level.
};

// Over all levels, finest first, then rows, then columns: P positions.
struct FcosOutput {
  at::Tensor class_logits;  // [N,P,num_classes]
  at::Tensor distances;     // [N,P,4] left, top, right, bottom; input pixels.
  at::Tensor iou_logits;    // [N,P]
};

// Shared by all levels. Weights "<name>.class_tower0..", "<name>.box_tower0..",
// each followed by a group norm "....norm", "<name>.class", "<name>.box",
// "<name>.iou", and "<name>.log_scale" [num_levels].
class FcosHead {
 public:
  FcosHead() = default;
  FcosHead(WeightReader& reader, const std::string& name,
           const FcosShape& shape);

  FcosOutput operator()(const std::vector<at::Tensor>& pyramid) const;

 private:
  struct Layer {
    Conv conv;
    GroupNorm norm;
  };
  static at::Tensor Run(const std::vector<Layer>& tower, at::Tensor x);

  FcosShape shape_;
  std::vector<Layer> class_tower_;
  std::vector<Layer> box_tower_;
  Conv class_;
  Conv box_;
  Conv iou_;
  at::Tensor log_scale_;
};

// Classes start at a probability of 1 %, so that the many empty positions do
// not drown the first steps (Lin et al., ICCV 2017).
void InitFcosHead(const std::string& name, const FcosShape& shape,
                  const at::Generator& generator, Weights* weights);

// The input pixels that positions look from, [P,2] as x, y, and their level's
// stride, [P], for an input of that size.
struct FcosGrid {
  at::Tensor centres;
  at::Tensor strides;
};
FcosGrid MakeFcosGrid(const FcosShape& shape, int64_t height, int64_t width);

// Corners [..,P,4] of boxes at those distances around `centres` [P,2].
at::Tensor BoxesAround(const at::Tensor& centres, const at::Tensor& distances);

}  // namespace sluice::model
