// How well pixels are classified: intersection over union of each class.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/segmentation.h"

namespace sluice::train {

// Labelled pixels by their true and their predicted class.
struct ConfusionCounts {
  int num_classes = 0;
  // [num_classes, num_classes + 1]: a row per true class, a column per
  // predicted one, and a last column where task::kNoClass was predicted.
  std::vector<uint64_t> pixels;

  bool operator==(const ConfusionCounts&) const = default;
};

// Of one picture; pixels whose truth is task::kNoClass do not count.
// InvalidArgument when num_classes is not in 1..255, the masks' sizes differ,
// a mask does not have its size's pixels, or has a class that is neither in
// 0..num_classes-1 nor task::kNoClass.
absl::StatusOr<ConfusionCounts> CountConfusion(const task::Mask& truth,
                                               const task::Mask& predicted,
                                               int num_classes);

// Over a sample of pictures, in which each is as often as `counts` says
// (resampler.h); without pictures, of no classes. REQUIRES: as many counts as
// pictures; all have the same classes.
ConfusionCounts SumConfusion(std::span<const ConfusionCounts> pictures,
                             std::span<const uint32_t> counts);

struct ClassIou {
  uint64_t num_pixels = 0;    // That are of the class.
  std::optional<double> iou;  // In 0..1; absent without such pixels.
};

// In 0..1; absent without labelled pixels.
struct SegmentationFigures {
  std::optional<double> mean_iou;        // Over the classes that have pixels.
  std::optional<double> pixel_accuracy;  // Share of labelled pixels.
  std::vector<ClassIou> classes;
};

// IoU of a class: its pixels that were found, as a share of all labelled
// pixels that are of it or were taken for it.
SegmentationFigures MakeSegmentationFigures(const ConfusionCounts& confusion);

}  // namespace sluice::train
