// What one operating point's answers are worth: from the evidence of each
// picture to the figures of its task.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "models/train/figures/evaluation.h"

namespace sluice::train {

// The quality of a task, in 0..1, over a sample of the pictures in which each
// is as often as its count says (resampler.h): top-1, mAP@0.5 or mIoU; 0 where
// the sample has nothing to be right about. REQUIRES: as many counts as
// pictures.
using QualityFunction = std::function<double(std::span<const uint32_t> counts)>;

// `point` must outlive it. REQUIRES: the evidence of `task` is parallel to the
// pictures; classes of matches are below `num_classes`.
QualityFunction MakeQuality(Task task, const OperatingPoint& point,
                            size_t num_classes);

// In 0..1; what a class without objects or pixels has is absent.
struct ClassFigures {
  uint64_t count = 0;  // Objects, or pixels, that are of the class.
  // Parallel to TaskWords::of_class.
  std::vector<std::optional<double>> qualities;
};

// Over all pictures, beside the quality.
struct FullFigures {
  std::vector<double> others;  // Parallel to TaskWords::others.
  std::vector<ClassFigures> classes;
};

// REQUIRES as MakeQuality.
FullFigures MakeFullFigures(Task task, const OperatingPoint& point,
                            size_t num_classes);

}  // namespace sluice::train
