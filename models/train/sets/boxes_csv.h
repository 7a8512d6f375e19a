// boxes.csv: one line per box, with the split and the picture it belongs to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/sets/box_annotation.h"

namespace sluice::train {

struct BoxRow {
  std::string image;  // Below the split's folder, with or without extension.
  NamedBox box;
};

// Parses "split,image,class,xmin,ymin,xmax,ymax" followed by one line per box
// [xmin, xmax) by [ymin, ymax); the rows of `split`, in the file's order.
// InvalidArgument, naming line and field, for a wrong header, another number of
// fields, quotes, an empty field or a coordinate that is no number; and, naming
// the splits there are, when `split` has no rows.
absl::StatusOr<std::vector<BoxRow>> ParseBoxesCsv(std::string_view text,
                                                  std::string_view split);

}  // namespace sluice::train
