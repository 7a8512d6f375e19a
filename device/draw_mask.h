// A segmented picture: classes blended over the picture's pixels.
#pragma once

#include <opencv2/core.hpp>

#include "common/task/segmentation.h"

namespace sluice::device {

// Blends the mask, stretched over all of `canvas` (8-bit BGR; nearest pixels),
// at 45 %, and draws a thin line where classes meet. Pixels of kNoClass stay
// as they are.
// REQUIRES: a mask whose classes fill its size.
void DrawMask(const task::Mask& mask, cv::Mat& canvas);

}  // namespace sluice::device
