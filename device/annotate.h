// Pictures for people: results drawn onto a picture, and a sheet of many.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/picture.h"

namespace sluice::device {

struct Label {
  std::string label;
  float score = 0.0f;  // Probability, 0..1.
};

inline constexpr size_t kMaxAnnotatedLabels = 3;
inline constexpr size_t kMaxContactSheetPictures = 100;

// Draws a dark band along the bottom with the first kMaxAnnotatedLabels of
// `top`, a bar for each score, and `caption` as its last line ("2.0 kB, 14 ms";
// empty: none). Text too long for the picture ends in "...". The font has
// printable ASCII only; other characters come out as '?'.
// The size stays, except that text must be legible: small pictures are
// enlarged, narrow ones get borders, and low ones continue below.
// REQUIRES: a non-empty picture.
vision::Picture AnnotateClassification(const vision::Picture& picture,
                                       const std::vector<Label>& top,
                                       const std::string& caption);

// Fits the pictures into equal tiles of at most 480 x 400 pixels, row by row,
// on a dark background. Fewer pictures than columns make a narrower sheet.
// InvalidArgument without pictures or columns, ResourceExhausted beyond
// kMaxContactSheetPictures.
absl::StatusOr<vision::Picture> ContactSheet(
    std::span<const vision::Picture> pictures, int columns);

}  // namespace sluice::device
