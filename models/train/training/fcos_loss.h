// What an FCOS head is trained by: which position answers for which object, and
// how wrong the answers are.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "common/model/fcos_head.h"
#include "models/train/figures/detection_metrics.h"

namespace sluice::train {

// Scalars to be differentiated, each over the batch and per positive position
// (at least one is counted): focal loss of the classes (alpha 0.25, gamma 2,
// Lin et al., ICCV 2017), 1 - GIoU of the positives' boxes (Rezatofighi et al.,
// CVPR 2019), weighted by their IoU, but at least 0.1, so that a box that
// misses its object is drawn to it; and binary cross-entropy of their predicted
// IoU.
struct FcosLoss {
  at::Tensor classes;
  at::Tensor boxes;
  at::Tensor ious;
};

// Positives (Tian et al., ICCV 2019): positions within 1.5 strides of an
// object's centre and inside its box, on the level for its size (the longer
// side up to 64 pixels on stride 8, 128 on 16, larger on 32, and so on); the
// nearest position on that level where no position lies so; of several objects
// the smallest. Positions inside an `ignore` object's box that are not positive
// count neither way; an empty box is no object. `truths` are the batch's, in
// input pixels. float32, whatever autocast does. REQUIRES: a head's output over
// that grid, as many truths as samples, classes in range, finite numbers.
FcosLoss ComputeFcosLoss(const model::FcosOutput& output,
                         const model::FcosGrid& grid,
                         std::span<const std::vector<GroundTruth>> truths);

}  // namespace sluice::train
