// Batches of augmented pictures with their boxes: what a step of a detection
// tail's training sees.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/figures/detection_metrics.h"
#include "models/train/sets/detection_set.h"
#include "models/train/training/augmentation.h"

namespace sluice::train {

struct DetectionBatch {
  at::Tensor pictures;  // float32 [N,3,H,W], RGB in [-1,1].
  // Of each picture, in its pixels and clipped to it. A box with under a
  // quarter of its area left, or a side under a pixel, is gone; one with under
  // half left is marked `ignore`, as are those that the set ignores.
  std::vector<std::vector<GroundTruth>> boxes;
};

// The index-th batch of the pictures of `set` that `members` lists, each drawn
// with equal probability and augmented: it depends on the seed and `index`
// alone. Decodes `size` pictures; errors name the one that fails. REQUIRES: at
// least one member, each below set.size().
absl::StatusOr<DetectionBatch> MakeDetectionBatch(
    const DetectionSet& set, std::span<const size_t> members,
    const Augmentation& augmentation, uint64_t seed, int64_t index, int size);

}  // namespace sluice::train
