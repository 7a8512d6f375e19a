// From what a user lists to the sections of an evaluation.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "models/train/eval/eval.h"

namespace sluice::train {

// In step: the i-th tail stands behind the i-th codec. The other lists have one
// value for all pairs or one for each; splits and prefixes may leave out the
// pairs for classification.
struct EvalLists {
  std::vector<std::filesystem::path> codecs;
  std::vector<std::filesystem::path> tails;
  std::vector<std::filesystem::path> data;
  std::vector<vision::ViewRule> views;  // None: EvalOptions' own.
  std::vector<std::string> splits;      // None: EvalOptions' own.
  std::vector<std::string> only;        // None: everything.
};

// Consecutive pairs of equal data, view, split and prefix make one section;
// everything else comes from `common`, its teacher for classifications alone.
// InvalidArgument, naming the option, for lists of other lengths, a detection
// or segmentation without a view of its own, a teacher that no section can use;
// otherwise errors as CheckPairs and artifact::LoadTail.
absl::StatusOr<std::vector<EvalOptions>> PlanSections(
    const EvalLists& lists, const EvalOptions& common);

}  // namespace sluice::train
