// Training a segmentation tail behind frozen codecs, on labelled masks.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train.h"

namespace sluice::train {

// RunTraining for a recipe of task "segmentation".
absl::Status TrainSegmentation(const Recipe& recipe,
                               const TrainOptions& options, at::Device device);

}  // namespace sluice::train
