// Training a detection tail behind frozen codecs, on labelled boxes.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train.h"

namespace sluice::train {

// RunTraining for a recipe of task "detection".
absl::Status TrainDetection(const Recipe& recipe, const TrainOptions& options,
                            at::Device device);

}  // namespace sluice::train
