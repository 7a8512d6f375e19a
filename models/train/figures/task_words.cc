#include "models/train/figures/task_words.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sluice::train {
namespace {

constexpr Task kTasks[] = {Task::kClassification, Task::kDetection,
                           Task::kSegmentation};

TaskWords ClassificationWords() {
  return {.name = "classification",
          .quality = {"top-1", "top1"},
          .long_title = "Top-1 accuracy",
          .others = {{"top-5", "top5"}},
          .of_class = {},
          .counted = "",
          .has_teacher = true};
}

TaskWords DetectionWords() {
  return {.name = "detection",
          .quality = {"mAP@0.5", "map50"},
          .long_title = "mAP@0.5",
          .others = {{"mAP@[.5:.95]", "map"},
                     {"AP@0.5, any class", "ap50_any_class"}},
          .of_class = {{"AP@0.5", "ap50"}, {"AP@[.5:.95]", "ap"}},
          .counted = "objects"};
}

TaskWords SegmentationWords() {
  return {.name = "segmentation",
          .quality = {"mIoU", "miou"},
          .long_title = "Mean IoU",
          .others = {{"pixel accuracy", "pixel_accuracy"}},
          .of_class = {{"IoU", "iou"}},
          .counted = "pixels"};
}

}  // namespace

const TaskWords& WordsOf(Task task) {
  static const TaskWords classification = ClassificationWords();
  static const TaskWords detection = DetectionWords();
  static const TaskWords segmentation = SegmentationWords();
  switch (task) {
    case Task::kDetection:
      return detection;
    case Task::kSegmentation:
      return segmentation;
    case Task::kClassification:
      break;
  }
  return classification;
}

absl::StatusOr<Task> ParseTask(std::string_view name) {
  for (const Task task : kTasks) {
    if (WordsOf(task).name == name) return task;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected a tail for classification, detection or "
                   "segmentation, found one for ",
                   std::string(name)));
}

}  // namespace sluice::train
