// What every recipe works with: pictures to train on, pictures held out, the
// teacher, and the device that networks run on.
#pragma once

#include "absl/status/statusor.h"
#include "models/train/training/picture_batches.h"
#include "models/train/training/recipe.h"
#include "models/train/training/teacher_parts.h"
#include "models/train/training/train.h"

namespace sluice::train {

struct TrainingData {
  PictureBatches pictures;
  PictureBatches holdout;
  TeacherParts teacher;  // On the device; pictures come on the CPU.
  at::Device device;
};

// InvalidArgument when a shard is too small for the recipe's largest crop;
// otherwise the errors of opening the files.
absl::StatusOr<TrainingData> OpenTrainingData(const Recipe& recipe,
                                              const TrainOptions& options,
                                              at::Device device);

}  // namespace sluice::train
