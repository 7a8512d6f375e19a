// Where sets of pictures with boxes keep what.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/data/file_set.h"
#include "models/train/sets/box_annotation.h"

namespace sluice::train {

struct AnnotatedFile {
  size_t picture = 0;      // Its index in the file set.
  std::string annotation;  // The file that says the boxes.
  std::vector<NamedBox> boxes;
  vision::Size size;  // 0 x 0 when undeclared.
};

// The pictures of `split`, in no order, by the first layout that fits, in the
// set's root or in the one folder that holds everything:
//   boxes.csv and a folder of pictures per split (those that boxes.csv does not
//     name show no object);
//   Pascal VOC: Annotations/*.xml, pictures of the same names in JPEGImages/ or
//     images/; ImageSets/Main/<split>.txt lists a split's names, an empty
//     `split` takes all;
//   COCO: annotations/instances_<split>.json or instances_<split>.json, for an
//     empty `split` annotations.json; pictures in <split>/, images/<split>/,
//     images/ or beside those folders.
// InvalidArgument, naming the file, when none fits, something is missing or
// malformed.
absl::StatusOr<std::vector<AnnotatedFile>> ReadDetectionLayout(
    const FileSet& files, std::string_view split);

}  // namespace sluice::train
