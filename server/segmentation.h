// Logits of a view to a mask of the source picture.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

inline constexpr int kMaxSegmentLabels = 255;  // A mask's pixel is one byte.
inline constexpr int kDefaultMaskSide = 512;

struct MaskOptions {
  v1::MaskFormat format = v1::MASK_FORMAT_PNG;
  int max_side = kDefaultMaskSide;  // Of the mask, in pixels.
};

// One picture's `logits` [K,height,width] of the padded view to the best class
// of every pixel of the source, shrunk to options.max_side; what no view showed
// is class 255. Internal when a logit is NaN or infinite, ResourceExhausted for
// a mask beyond vision's limits. REQUIRES: K labels.
absl::StatusOr<v1::Segmentation> SegmentPicture(
    std::span<const float> logits, int height, int width,
    std::span<const std::string> labels, const vision::Geometry& geometry,
    const MaskOptions& options);

}  // namespace sluice::server
