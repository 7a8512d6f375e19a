// What training a tail on labelled pictures needs, whatever its task.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "models/train/recipe.h"
#include "models/train/tail_parts.h"

namespace sluice::train {

// Indices into a set of `names`: what is trained on, and what is held out of
// it when the recipe holds out a prefix. InvalidArgument when either is empty.
struct Members {
  std::vector<size_t> training;
  std::vector<size_t> holdout;
};
absl::StatusOr<Members> SplitMembers(const LabelledSource& source,
                                     const std::vector<std::string>& names);

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
