// What reports call the figures of each task.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/figures/evaluation.h"

namespace sluice::train {

struct FigureWords {
  std::string title;  // "mAP@0.5"
  std::string key;    // "map50": in JSON and CSV.
};

struct TaskWords {
  std::string name;        // "detection": as in tail.json.
  FigureWords quality;     // What drops, curves and BD-rates are on.
  std::string long_title;  // Of the quality: "Top-1 accuracy".
  // Parallel to PointFigures::others.
  std::vector<FigureWords> others;
  // Parallel to ClassFigures::qualities; empty where classes have no figures.
  std::vector<FigureWords> of_class;
  std::string counted;       // What ClassFigures::count counts: "objects".
  bool has_teacher = false;  // An unmodified network to diverge from.
};

const TaskWords& WordsOf(Task task);

// InvalidArgument for a task that has no figures.
absl::StatusOr<Task> ParseTask(std::string_view name);

}  // namespace sluice::train
