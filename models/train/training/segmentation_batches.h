// Batches of augmented pictures with a class per pixel: what a step of a
// segmentation tail's training sees.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "models/train/sets/segmentation_set.h"
#include "models/train/training/augmentation.h"

namespace sluice::train {

struct SegmentationBatch {
  at::Tensor pictures;  // float32 [N,3,H,W], RGB in [-1,1].
  at::Tensor classes;   // int64 [N,H,W]; task::kNoClass does not count, and is
                        // what lies outside of the source.
};

// The index-th batch of the pictures of `set` that `members` lists, each drawn
// with equal probability and augmented: it depends on the seed and `index`
// alone. Decodes `size` pictures; errors name the one that fails. REQUIRES: at
// least one member, each below set.size().
absl::StatusOr<SegmentationBatch> MakeSegmentationBatch(
    const SegmentationSet& set, std::span<const size_t> members,
    const Augmentation& augmentation, uint64_t seed, int64_t index, int size);

}  // namespace sluice::train
