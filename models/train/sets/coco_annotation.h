// COCO's instances_*.json: the boxes of all pictures in one file.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/sets/box_annotation.h"

namespace sluice::train {

// Parses "images" (id, file_name; width and height optional), "annotations"
// (image_id, category_id, bbox [x, y, width, height]; iscrowd optional) and
// "categories" (id, name), in any order; whatever else there is, outlines of
// objects above all, is dropped while parsing, so that memory follows the
// boxes. Pictures in the file's order, those without boxes included; a box is
// [x, x + width) by [y, y + height). InvalidArgument, naming record and field,
// for what is missing or of another kind, an id that appears twice and one that
// nothing has.
absl::StatusOr<std::vector<BoxAnnotation>> ParseCocoAnnotations(
    std::string_view json);

}  // namespace sluice::train
