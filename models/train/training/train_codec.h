// Stage 1 of training: encoder, decoder network, tables and pixel entrance.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/weights.h"
#include "models/train/training/rate_control.h"
#include "models/train/training/recipe.h"
#include "models/train/training/teacher_parts.h"
#include "models/train/training/train.h"
#include "models/train/training/training_data.h"

namespace sluice::train {

// Two losses: rates that follow target sizes, with the teacher's own metric of
// features (FeatureMetric); or, for family entropic_student, SC2's at a fixed
// beta, squared errors at the features and the tail's stages plus beta times
// bits.
absl::Status TrainCodec(const Recipe& recipe, const TrainOptions& options,
                        at::Device device);

// Its core: takes `weights`, which lie on the data's device, through the
// recipe's phases with the losses above. Returns the averaged weights; errors
// as RunPhases.
absl::StatusOr<model::Weights> TrainCodecWeights(const Recipe& recipe,
                                                 const TrainOptions& options,
                                                 const TrainingData& data,
                                                 const FeatureMetric& metric,
                                                 RateControl rate_control,
                                                 model::Weights weights);

}  // namespace sluice::train
