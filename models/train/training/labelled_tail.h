// What training a tail on labelled pictures needs, whatever its task.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "models/train/training/recipe.h"
#include "models/train/training/tail_parts.h"

namespace sluice::train {

// Indices into a set of `names`: what is trained on, and what is held out of
// it when the recipe holds out a prefix. InvalidArgument when either is empty.
struct Members {
  std::vector<size_t> training;
  std::vector<size_t> holdout;
};
absl::StatusOr<Members> SplitMembers(const LabelledSource& source,
                                     const std::vector<std::string>& names);

// A DetectionSet's or SegmentationSet's pictures to train on and to be measured
// on.
template <typename Set>
struct LabelledPictures {
  Set training;
  std::optional<Set> holdout_split;  // None: held out of `training`.
  Members members;

  const Set& holdout() const {
    return holdout_split ? *holdout_split : training;
  }
};

// `open_holdout` opens the recipe's held-out split, where it has one. Errors
// are SplitMembers' and those of opening.
template <typename Set>
absl::StatusOr<LabelledPictures<Set>> MakeLabelledPictures(
    const LabelledSource& source, Set training,
    const std::function<absl::StatusOr<Set>(const Set&)>& open_holdout) {
  std::vector<std::string> names;
  for (size_t i = 0; i < training.size(); ++i) {
    names.push_back(training.name(i));
  }
  LabelledPictures<Set> pictures{.training = std::move(training),
                                 .holdout_split = std::nullopt,
                                 .members = {}};
  SLUICE_ASSIGN_OR_RETURN(pictures.members, SplitMembers(source, names));
  if (source.holdout_split.empty()) return pictures;
  SLUICE_ASSIGN_OR_RETURN(pictures.holdout_split,
                          open_holdout(pictures.training));
  for (size_t i = 0; i < pictures.holdout_split->size(); ++i) {
    pictures.members.holdout.push_back(i);
  }
  return pictures;
}

// A held-out picture as the network sees it: the view that fits the recipe's
// training size, and how it lies in the picture.
struct HoldoutInput {
  base::FloatTensor input;  // [1,3,H,W]
  vision::Geometry geometry;
};
absl::StatusOr<HoldoutInput> MakeHoldoutInput(const vision::Picture& picture,
                                              vision::Size size);

// The entrances by which held-out pictures are answered: pixels, then the
// middle rate, of the first codec.
inline constexpr int kNumHoldoutEntrances = 2;
at::Tensor HoldoutFeatures(const TailCodecs& codecs, const at::Tensor& input,
                           int entrance);
std::string HoldoutEntranceName(const TailCodecs& codecs, int entrance);

}  // namespace sluice::train
