// Stage 1 of training: encoder, decoder network, tables and pixel entrance.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "models/train/recipe.h"
#include "models/train/train.h"

namespace sluice::train {

absl::Status TrainCodec(const Recipe& recipe, const TrainOptions& options,
                        at::Device device);

}  // namespace sluice::train
