// Which position of an FCOS head answers for which object (Tian et al., ICCV
// 2019, with centre sampling).
#pragma once

#include <span>
#include <vector>

#include "models/train/figures/detection_metrics.h"

namespace sluice::train {

// Where a position looks from, and its level's stride; input pixels.
struct FcosPosition {
  float x = 0.0f;
  float y = 0.0f;
  float stride = 0.0f;
};

inline constexpr int kNoObject = -1;    // An object's absence is to be learnt.
inline constexpr int kNeitherWay = -2;  // Nothing is.

// Per position, an index into `truths`, kNoObject or kNeitherWay, by the rules
// of fcos_loss.h. Limits are exclusive: a position on a box's edge, or 1.5
// strides from its centre along an axis, is not in it. Equally small objects go
// by their order. An empty box is no object. REQUIRES: levels one after the
// other, finest first; finite numbers.
std::vector<int> AssignPositions(std::span<const FcosPosition> positions,
                                 std::span<const GroundTruth> truths);

}  // namespace sluice::train
