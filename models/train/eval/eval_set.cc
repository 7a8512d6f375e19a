#include "models/train/eval/eval_set.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

std::string_view OwnName(std::string_view name) {
  return name.substr(name.rfind('/') + 1);  // All of it without a '/'.
}

}  // namespace

absl::StatusOr<EvalSet> EvalSet::Open(const EvalSetOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(Set opened, OpenSet(options));
  EvalSet set(std::move(opened));
  SLUICE_RETURN_IF_ERROR(set.Choose(options));
  return set;
}

absl::StatusOr<EvalSet::Set> EvalSet::OpenSet(const EvalSetOptions& options) {
  const int num_classes = static_cast<int>(options.labels.size());
  switch (options.task) {
    case Task::kDetection:
      return DetectionSet::Open(options.data, options.split, options.labels);
    case Task::kSegmentation:
      return SegmentationSet::Open(
          options.data, options.split,
          {.num_classes = num_classes, .ignore_index = options.ignore_index});
    case Task::kClassification:
      break;
  }
  return LabelledSet::Open(options.data, num_classes);
}

absl::Status EvalSet::Choose(const EvalSetOptions& options) {
  const size_t num_pictures =
      std::visit([](const auto& set) { return set.size(); }, set_);
  const size_t limit =
      options.limit > 0 ? static_cast<size_t>(options.limit) : num_pictures;
  for (size_t i = 0; i < num_pictures && members_.size() < limit; ++i) {
    const std::string& name = std::visit(
        [i](const auto& set) -> const std::string& { return set.name(i); },
        set_);
    if (OwnName(name).starts_with(options.only)) members_.push_back(i);
  }
  if (!members_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      options.data.string(), ": expected pictures whose names begin with ",
      options.only, ", found none among ", num_pictures));
}

const std::string& EvalSet::name(size_t index) const {
  const size_t member = members_[index];
  return std::visit(
      [member](const auto& set) -> const std::string& {
        return set.name(member);
      },
      set_);
}

int EvalSet::label(size_t index) const {
  const auto* set = std::get_if<LabelledSet>(&set_);
  return set == nullptr ? 0 : set->label(members_[index]);
}

absl::StatusOr<Truth> EvalSet::ReadTruth(size_t index) const {
  Truth truth;
  if (const auto* boxes = std::get_if<DetectionSet>(&set_)) {
    for (const LabelledBox& box : boxes->boxes(members_[index])) {
      truth.objects.push_back({.class_index = box.class_index,
                               .box = box.box,
                               .ignore = box.ignore});
    }
  } else if (const auto* masks = std::get_if<SegmentationSet>(&set_)) {
    SLUICE_ASSIGN_OR_RETURN(truth.mask, masks->ReadMask(members_[index]));
  }
  return truth;
}

absl::StatusOr<vision::Picture> EvalSet::ReadPicture(size_t index) const {
  const size_t member = members_[index];
  return std::visit(
      [member](const auto& set) { return set.ReadPicture(member); }, set_);
}

}  // namespace sluice::train
