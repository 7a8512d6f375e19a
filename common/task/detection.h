// Boxes around objects: from a detection tail's raw maps to source pixels.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"

namespace sluice::task {

// [x_min, x_max) by [y_min, y_max), in pixels whose corners are integers.
struct Box {
  float x_min = 0.0f;
  float y_min = 0.0f;
  float x_max = 0.0f;
  float y_max = 0.0f;
};

// 0 for a box that is empty or turned inside out.
float Area(const Box& box);
// 0 when both are empty.
float IntersectionOverUnion(const Box& a, const Box& b);

struct Detection {
  int class_index = 0;
  float score = 0.0f;  // 0..1
  Box box;
};

struct SelectOptions {
  float score_threshold = 0.05f;
  float nms_iou = 0.6f;       // Of two boxes of a class above it, the better.
  int max_candidates = 1000;  // Best pairs of position and class before that.
  int max_detections = 100;
};

// What is left of one picture's raw `scores` [P,C] in 0..1 and `boxes` [P,4]
// after a threshold and class-wise non-maximum suppression: best first, equal
// scores by position and class. A pair at the threshold stays. Internal when a
// number is NaN or infinite, InvalidArgument when the sizes do not fit, a
// threshold is not in 0..1 or a limit not positive.
absl::StatusOr<std::vector<Detection>> SelectDetections(
    std::span<const float> scores, std::span<const float> boxes,
    int num_classes, const SelectOptions& options);

// From the pixels of the padded view to those of the source, clipped to the
// part of the source that the view shows; what is empty then is dropped.
std::vector<Detection> ToSource(std::span<const Detection> detections,
                                const vision::Geometry& geometry);

}  // namespace sluice::task
