#include "models/train/sets/segmentation_set.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"
#include "models/train/sets/index_png.h"

namespace sluice::train {

absl::StatusOr<SegmentationSet> SegmentationSet::Open(
    const std::filesystem::path& path, std::string_view split,
    const MaskClasses& classes) {
  if (classes.num_classes < 1 || classes.num_classes > 255) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected 1..255 classes, found ", classes.num_classes));
  }
  const int ignored = classes.ignore_index.value_or(task::kNoClass);
  if (ignored < 0 || ignored > 255) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an ignored class in 0..255, found ", ignored));
  }
  ClassByValue class_by_value;
  for (int i = 0; i < classes.num_classes; ++i) {
    class_by_value[i] = static_cast<uint8_t>(i);
  }
  class_by_value[ignored] = task::kNoClass;
  class_by_value[task::kNoClass] = task::kNoClass;

  SLUICE_ASSIGN_OR_RETURN(FileSet files, FileSet::Open(path));
  absl::StatusOr<std::vector<MaskedFile>> pairs =
      ReadSegmentationLayout(files, split);
  if (!pairs.ok()) return Annotate(pairs.status(), path.string());
  return SegmentationSet(std::move(files), *std::move(pairs), classes,
                         class_by_value);
}

absl::StatusOr<vision::Picture> SegmentationSet::ReadPicture(
    size_t index) const {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          files_.Read(pairs_[index].picture));
  absl::StatusOr<vision::Picture> picture = vision::DecodePicture(bytes);
  if (!picture.ok()) return Annotate(picture.status(), name(index));
  return picture;
}

absl::Status SegmentationSet::CheckSize(const MaskedFile& pair,
                                        vision::Size mask_size) const {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          files_.Read(pair.picture));
  const absl::StatusOr<vision::Size> size = vision::ProbePicture(bytes);
  if (!size.ok()) return Annotate(size.status(), files_.name(pair.picture));
  if (mask_size == *size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(files_.name(pair.mask), ": expected its picture's ",
                   size->width, " x ", size->height, " pixels, found ",
                   mask_size.width, " x ", mask_size.height));
}

absl::StatusOr<task::Mask> SegmentationSet::ReadMask(size_t index) const {
  const MaskedFile& pair = pairs_[index];
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          files_.Read(pair.mask));
  absl::StatusOr<task::Mask> mask = DecodeIndexPng(bytes);
  if (!mask.ok()) return Annotate(mask.status(), mask_name(index));
  SLUICE_RETURN_IF_ERROR(CheckSize(pair, mask->size));
  for (size_t i = 0; i < mask->classes.size(); ++i) {
    const std::optional<uint8_t> value = class_by_value_[mask->classes[i]];
    if (!value.has_value()) {
      const auto width = static_cast<size_t>(mask->size.width);
      return absl::InvalidArgumentError(
          absl::StrCat(mask_name(index), ": expected a class in 0..",
                       classes_.num_classes - 1, " or ",
                       classes_.ignore_index.value_or(task::kNoClass),
                       " for none, found ", static_cast<int>(mask->classes[i]),
                       " at x ", i % width, ", y ", i / width));
    }
    mask->classes[i] = *value;
  }
  return mask;
}

}  // namespace sluice::train
