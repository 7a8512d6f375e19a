// Detected objects, drawn onto a picture: boxes and the tags that name them.
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <span>

#include "common/vision/geometry.h"
#include "device/tail_result.h"

namespace sluice::device {

inline constexpr size_t kMaxDrawnBoxes = 100;

// Draws the kMaxDrawnBoxes boxes of the highest scores, the best on top, in
// their classes' colours; lines and text have sizes that suit the canvas. The
// line runs around the object, not over it. "label 87%" stands above its box;
// where the canvas ends or another tag is in the way, below it or inside; never
// outside of the canvas. What lies outside of the source is cut off. `canvas`
// (8-bit BGR) shows the whole source, at any scale.
// REQUIRES: finite coordinates.
void DrawBoxes(std::span<const LabelledBox> boxes, vision::Size source,
               cv::Mat& canvas);

}  // namespace sluice::device
