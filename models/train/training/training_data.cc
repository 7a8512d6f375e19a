#include "models/train/training/training_data.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {

absl::StatusOr<TrainingData> OpenTrainingData(const Recipe& recipe,
                                              const TrainOptions& options,
                                              at::Device device) {
  std::vector<std::filesystem::path> shards;
  for (const std::string& shard : recipe.shards) {
    shards.push_back(options.data / shard);
  }
  SLUICE_ASSIGN_OR_RETURN(
      PictureBatches pictures,
      PictureBatches::Open(shards, recipe.shares, recipe.seed));
  SLUICE_ASSIGN_OR_RETURN(
      PictureBatches holdout,
      PictureBatches::Open({options.data / recipe.holdout}, {}, recipe.seed));
  for (const Phase& phase : recipe.phases) {
    if (phase.crop > pictures.max_crop()) {
      return absl::InvalidArgumentError(
          absl::StrCat("phase ", phase.name, ": crop ", phase.crop,
                       " exceeds the shards' pictures, ", pictures.max_crop()));
    }
  }
  SLUICE_ASSIGN_OR_RETURN(
      TeacherParts teacher,
      LoadTeacherParts(options.data / recipe.teacher, device));
  return TrainingData{.pictures = std::move(pictures),
                      .holdout = std::move(holdout),
                      .teacher = std::move(teacher),
                      .device = device};
}

}  // namespace sluice::train
