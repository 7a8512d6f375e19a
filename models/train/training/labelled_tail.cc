#include "models/train/training/labelled_tail.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"

namespace sluice::train {
namespace {

constexpr int kPadMultiple = 32;

}  // namespace

absl::StatusOr<Members> SplitMembers(const LabelledSource& source,
                                     const std::vector<std::string>& names) {
  Members members;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string own = std::filesystem::path(names[i]).filename().string();
    const bool held_out = !source.holdout_prefix.empty() &&
                          own.starts_with(source.holdout_prefix);
    (held_out ? members.holdout : members.training).push_back(i);
  }
  if (members.training.empty() ||
      (!source.holdout_prefix.empty() && members.holdout.empty())) {
    return absl::InvalidArgumentError(absl::StrCat(
        source.set, ": expected pictures with and without the prefix \"",
        source.holdout_prefix, "\", found ", members.holdout.size(), " and ",
        members.training.size()));
  }
  return members;
}

absl::StatusOr<HoldoutInput> MakeHoldoutInput(const vision::Picture& picture,
                                              vision::Size size) {
  HoldoutInput result;
  SLUICE_ASSIGN_OR_RETURN(
      result.geometry,
      vision::MakeGeometry(picture.size(),
                           {.kind = vision::ViewRule::Kind::kFit, .size = size},
                           kPadMultiple));
  SLUICE_ASSIGN_OR_RETURN(const vision::Picture view,
                          vision::MakeView(picture, result.geometry));
  const artifact::CodecSpec defaults;
  SLUICE_ASSIGN_OR_RETURN(
      result.input,
      vision::ViewToInput(view, result.geometry, defaults.input_scale,
                          defaults.input_offset));
  result.input.shape.insert(result.input.shape.begin(), 1);
  return result;
}

at::Tensor HoldoutFeatures(const TailCodecs& codecs, const at::Tensor& input,
                           int entrance) {
  const FrozenCodec& codec = codecs.networks.front();
  if (entrance == 0) return codec.Enter(input);
  return codec.Features(input,
                        at::full({input.size(0)}, codec.num_rates() / 2,
                                 at::device(input.device()).dtype(at::kLong)));
}

std::string HoldoutEntranceName(const TailCodecs& codecs, int entrance) {
  if (entrance == 0) return "pixels";
  return absl::StrCat("rate ", codecs.networks.front().num_rates() / 2);
}

}  // namespace sluice::train
