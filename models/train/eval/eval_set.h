// The labelled pictures of an evaluation, whatever its task.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/picture.h"
#include "models/train/data/labelled_set.h"
#include "models/train/eval/scoring.h"
#include "models/train/figures/evaluation.h"
#include "models/train/sets/detection_set.h"
#include "models/train/sets/segmentation_set.h"

namespace sluice::train {

// Which pictures of a set, and what their labels are.
struct EvalSetOptions {
  Task task = Task::kClassification;
  std::filesystem::path data;
  std::string split;  // Of a detection or segmentation set.
  std::string only;   // What a picture's own file name begins with.
  int64_t limit = 0;  // The first so many; 0: all. REQUIRES: not negative.
  std::vector<std::string> labels;  // Of the classes, in their order.
  std::optional<int> ignore_index;  // Of a segmentation set.
};

// Immutable: reading is safe from several threads.
class EvalSet {
 public:
  // InvalidArgument when no picture's name begins with `only`; otherwise errors
  // as those of the task's set.
  static absl::StatusOr<EvalSet> Open(const EvalSetOptions& options);

  size_t size() const { return members_.size(); }
  // In the set's order.
  const std::string& name(size_t index) const;
  // Of a classification, otherwise 0.
  int label(size_t index) const;
  // Of another task, otherwise empty. Errors name the picture or mask.
  absl::StatusOr<Truth> ReadTruth(size_t index) const;
  // Errors name the picture.
  absl::StatusOr<vision::Picture> ReadPicture(size_t index) const;

 private:
  using Set = std::variant<LabelledSet, DetectionSet, SegmentationSet>;

  explicit EvalSet(Set set) : set_(std::move(set)) {}

  static absl::StatusOr<Set> OpenSet(const EvalSetOptions& options);
  absl::Status Choose(const EvalSetOptions& options);

  Set set_;
  std::vector<size_t> members_;  // Ascending indices into the set.
};

}  // namespace sluice::train
