// Raw scores and boxes to labelled boxes in the source picture.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

inline constexpr int kMaxBoxes = 100;
inline constexpr float kDefaultBoxScore = 0.5f;

// One picture's `scores` [P,K] in 0..1 and `boxes` [P,4] in pixels of the
// padded view to what is left after non-maximum suppression, best first, in
// source pixels; padding is cut off. A `score_threshold` of 0 stands for
// kDefaultBoxScore. Internal for a score above 1, NaN or infinity. REQUIRES: K
// labels.
absl::StatusOr<v1::Detection> DetectObjects(std::span<const float> scores,
                                            std::span<const float> boxes,
                                            std::span<const std::string> labels,
                                            const vision::Geometry& geometry,
                                            float score_threshold);

}  // namespace sluice::server
