// Stage 2 of training: a tail behind a frozen codec.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train.h"

namespace sluice::train {

absl::Status TrainTail(const Recipe& recipe, const TrainOptions& options,
                       at::Device device);

}  // namespace sluice::train
