// Pictures with a class per pixel: a folder or a tar of any known layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/segmentation.h"
#include "common/vision/picture.h"
#include "models/train/data/file_set.h"
#include "models/train/sets/segmentation_layouts.h"

namespace sluice::train {

struct MaskClasses {
  int num_classes = 0;  // 1..255; masks hold 0 .. num_classes - 1.
  // 0..255: a value that does not count, whether or not it is a class. 255
  // never counts.
  std::optional<int> ignore_index = std::nullopt;
};

// Masks cover the upright picture, as DecodePicture gives it: a mask of the
// sides before EXIF rotation is refused.
//
// Immutable: reading is safe from several threads.
class SegmentationSet {
 public:
  // The pictures of `split`; segmentation_layouts.h says where they are looked
  // for. InvalidArgument for classes out of range or a set without pictures;
  // otherwise errors as FileSet::Open and ReadSegmentationLayout.
  static absl::StatusOr<SegmentationSet> Open(const std::filesystem::path& path,
                                              std::string_view split,
                                              const MaskClasses& classes);

  size_t size() const { return pairs_.size(); }
  // Of the picture, relative to the root; ascending by index.
  const std::string& name(size_t index) const {
    return files_.name(pairs_[index].picture);
  }
  const std::string& mask_name(size_t index) const {
    return files_.name(pairs_[index].mask);
  }
  // Errors name the picture.
  absl::StatusOr<vision::Picture> ReadPicture(size_t index) const;
  // Of the picture's size, values that do not count as task::kNoClass; looks at
  // the picture's header, too. InvalidArgument, naming the mask, for another
  // size or a value that is no class; otherwise as DecodeIndexPng.
  absl::StatusOr<task::Mask> ReadMask(size_t index) const;

 private:
  // By stored value: a class, task::kNoClass, or nothing for an error.
  using ClassByValue = std::array<std::optional<uint8_t>, 256>;

  SegmentationSet(FileSet files, std::vector<MaskedFile> pairs,
                  const MaskClasses& classes,
                  const ClassByValue& class_by_value)
      : files_(std::move(files)),
        pairs_(std::move(pairs)),
        classes_(classes),
        class_by_value_(class_by_value) {}

  absl::Status CheckSize(const MaskedFile& pair, vision::Size mask_size) const;

  FileSet files_;
  std::vector<MaskedFile> pairs_;
  MaskClasses classes_;
  ClassByValue class_by_value_;
};

}  // namespace sluice::train
