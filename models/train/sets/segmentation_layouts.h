// Where sets of pictures with masks keep what.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/data/file_set.h"

namespace sluice::train {

// Indices into the file set.
struct MaskedFile {
  size_t picture = 0;
  size_t mask = 0;
};

// The pictures of `split` with their masks, ascending by name, by the first
// layout that fits, in the set's root or in the one folder that holds
// everything; a mask has its picture's name but for the extension:
//   CamVid: <split>/ and <split>annot/;
//   images/<split>/ and masks/<split>/, or <split>/images/ and <split>/masks/,
//     for an empty `split` images/ and masks/;
//   Pascal VOC: JPEGImages/ and SegmentationClass/; pictures without a mask do
//     not count; ImageSets/Segmentation/<split>.txt lists a split's names, an
//     empty `split` takes all.
// InvalidArgument, naming the file, when none fits, a picture lacks its mask or
// a mask its picture.
absl::StatusOr<std::vector<MaskedFile>> ReadSegmentationLayout(
    const FileSet& files, std::string_view split);

}  // namespace sluice::train
