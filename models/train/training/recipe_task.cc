#include "models/train/training/recipe_task.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/deeplab_segmenter.h"
#include "common/model/fcos_detector.h"

namespace sluice::train {
namespace {

absl::Status ReadLabelled(const toml::table& root, const std::string& where,
                          LabelledSource* labelled) {
  return ReadTable(root, "labelled", where, [&](TableReader& reader) {
    reader.Read("set", &labelled->set);
    reader.Read("split", &labelled->split);
    reader.Read("holdout_split", &labelled->holdout_split);
    reader.Read("holdout_prefix", &labelled->holdout_prefix);
    reader.Read("ignore_index", &labelled->ignore_index);
    Augmentation& augmentation = labelled->augmentation;
    reader.Read("width", &augmentation.size.width);
    reader.Read("height", &augmentation.size.height);
    reader.Read("min_scale", &augmentation.min_scale);
    reader.Read("max_scale", &augmentation.max_scale);
    reader.Read("mirror", &augmentation.mirror);
    reader.Read("colour", &augmentation.colour);
  });
}

absl::Status ReadNetwork(const toml::table& root, const std::string& where,
                         Recipe* recipe) {
  model::FcosDetectorShape detector;
  model::DeepLabSegmenterShape segmenter;
  const bool detects = recipe->task == Recipe::Task::kDetection;
  SLUICE_RETURN_IF_ERROR(
      ReadTable(root, "network", where, [&](TableReader& reader) {
        if (detects) {
          reader.Read("width", &detector.width);
          reader.Read("num_convs", &detector.num_convs);
        } else {
          reader.Read("width", &segmenter.width);
          reader.Read("fine_width", &segmenter.fine_width);
        }
      }));
  recipe->network =
      detects ? model::ToJson(detector) : model::ToJson(segmenter);
  // Measuring the tail on pictures labelled alike needs it again.
  if (recipe->labelled.ignore_index >= 0) {
    recipe->network["ignore_index"] = recipe->labelled.ignore_index;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadTask(const toml::table& root, const std::string& where,
                      const std::string& task, Recipe* recipe) {
  const std::map<std::string, Recipe::Task> tasks = {
      {"classification", Recipe::Task::kClassification},
      {"detection", Recipe::Task::kDetection},
      {"segmentation", Recipe::Task::kSegmentation}};
  if (!tasks.contains(task)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where,
                     ": task: expected \"classification\", \"detection\" or "
                     "\"segmentation\", found \"",
                     task, "\""));
  }
  recipe->task = tasks.at(task);
  if (recipe->task == Recipe::Task::kClassification) {
    for (const char* name : {"labelled", "network"}) {
      if (root.contains(name)) {
        return absl::InvalidArgumentError(absl::StrCat(
            where, ": ", name,
            ": expected task \"detection\" or "
            "\"segmentation\" beside it, found \"classification\""));
      }
    }
    return absl::OkStatus();
  }
  if (recipe->kind == Recipe::Kind::kCodec) {
    return absl::InvalidArgumentError(
        absl::StrCat(where,
                     ": task: expected kind \"tail\" beside it, found "
                     "\"codec\""));
  }
  SLUICE_RETURN_IF_ERROR(ReadLabelled(root, where, &recipe->labelled));
  return ReadNetwork(root, where, recipe);
}

absl::Status CheckLabelled(const Recipe& recipe, const std::string& where) {
  const LabelledSource& labelled = recipe.labelled;
  const Augmentation& augmentation = labelled.augmentation;
  const auto error = [&](const char* expected) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": labelled: expected ", expected));
  };
  if (labelled.set.empty()) return error("a set");
  if (labelled.holdout_split.empty() == labelled.holdout_prefix.empty()) {
    return error("either holdout_split or holdout_prefix");
  }
  for (const int side : {augmentation.size.width, augmentation.size.height}) {
    if (side < 32 || side % 32 != 0) {
      return error("width and height, multiples of 32");
    }
  }
  if (!(augmentation.min_scale > 0 &&
        augmentation.min_scale <= augmentation.max_scale)) {
    return error("min_scale above 0 and up to max_scale");
  }
  if (!(augmentation.mirror >= 0 && augmentation.mirror <= 1 &&
        augmentation.colour >= 0 && augmentation.colour < 1)) {
    return error("mirror in 0..1 and colour in 0..1, below 1");
  }
  return absl::OkStatus();
}

}  // namespace sluice::train
