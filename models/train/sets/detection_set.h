// Pictures with boxes around objects: a folder or a tar of any known layout.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/detection.h"
#include "common/vision/picture.h"
#include "models/train/data/file_set.h"

namespace sluice::train {

struct LabelledBox {
  int class_index = 0;
  task::Box box;        // In the upright picture's pixels.
  bool ignore = false;  // Neither right nor wrong to find.
};

// Boxes count in the pixels of the upright picture, as DecodePicture gives it:
// tools to annotate show pictures that way round. Boxes of a picture that was
// annotated before its EXIF rotation do not fit it, which ReadPicture tells
// wherever the sides differ.
//
// Immutable: reading is safe from several threads.
class DetectionSet {
 public:
  // The pictures of `split`; detection_layouts.h says where they are looked
  // for. Boxes are clipped to the picture where its annotation declares a size.
  // Classes are `labels` in their order or, when that is empty, the names of
  // all boxes in ascending order. InvalidArgument, naming file and box, for a
  // class that is not among `labels`, a box of which nothing is left, a
  // picture annotated twice or a set without pictures or classes; otherwise
  // errors as FileSet::Open and ReadDetectionLayout.
  static absl::StatusOr<DetectionSet> Open(const std::filesystem::path& path,
                                           std::string_view split,
                                           std::span<const std::string> labels);

  const std::vector<std::string>& labels() const { return labels_; }
  size_t size() const { return pictures_.size(); }
  // Relative to the root; ascending by index.
  const std::string& name(size_t index) const {
    return files_.name(pictures_[index].file_index);
  }
  // In the annotation's order; may be empty.
  std::span<const LabelledBox> boxes(size_t index) const {
    return pictures_[index].boxes;
  }
  // InvalidArgument when the picture is not of the size that its annotation
  // declares, or, without one, has boxes that leave it by over a pixel. Errors
  // name the picture.
  absl::StatusOr<vision::Picture> ReadPicture(size_t index) const;

 private:
  struct Entry {
    size_t file_index = 0;
    vision::Size size;  // 0 x 0 when undeclared.
    std::vector<LabelledBox> boxes;
  };

  DetectionSet(FileSet files, std::vector<std::string> labels,
               std::vector<Entry> pictures)
      : files_(std::move(files)),
        labels_(std::move(labels)),
        pictures_(std::move(pictures)) {}

  static absl::StatusOr<DetectionSet> Build(
      FileSet files, std::string_view split,
      std::span<const std::string> labels);

  FileSet files_;
  std::vector<std::string> labels_;
  std::vector<Entry> pictures_;
};

}  // namespace sluice::train
