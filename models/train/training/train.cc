#include "models/train/training/train.h"

#include <c10/util/Exception.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/compute.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train_codec.h"
#include "models/train/training/train_detection.h"
#include "models/train/training/train_segmentation.h"
#include "models/train/training/train_tail.h"

namespace sluice::train {
namespace {

absl::Status Train(const Recipe& recipe, const TrainOptions& options,
                   at::Device device) {
  if (recipe.kind == Recipe::Kind::kCodec) {
    return TrainCodec(recipe, options, device);
  }
  switch (recipe.task) {
    case Recipe::Task::kClassification:
      return TrainTail(recipe, options, device);
    case Recipe::Task::kDetection:
      return TrainDetection(recipe, options, device);
    case Recipe::Task::kSegmentation:
      return TrainSegmentation(recipe, options, device);
  }
  return absl::InternalError("a recipe of an unknown task");
}

}  // namespace

absl::Status RunTraining(const TrainOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const Recipe recipe,
                          ReadRecipe(options.recipe, options.overrides));
  SLUICE_ASSIGN_OR_RETURN(const at::Device device,
                          OpenComputeDevice(options.device));
  model::SetComputeThreads(options.num_threads);
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.out.string(), ": ", error.message()));
  }
  std::cout << "device " << device.str() << ", " << model::ComputeDescription()
            << std::endl;
  try {
    const absl::Status status = Train(recipe, options, device);
    if (!absl::IsCancelled(status)) return status;
    std::cout << status.message() << std::endl;
    return absl::OkStatus();
  } catch (const c10::Error& failure) {
    return absl::InternalError(
        absl::StrCat("training failed: ", failure.what_without_backtrace()));
  }
}

}  // namespace sluice::train
