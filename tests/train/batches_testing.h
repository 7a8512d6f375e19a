// Pictures whose content can be told from a few pixels, for tests of batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core/types.hpp>
#include <vector>

#include "common/vision/geometry.h"

namespace sluice::train {

// Mid-grey with a pure red rectangle.
std::vector<uint8_t> MakeRedOnGreyPng(vision::Size size, const cv::Rect& red);

// What a pixel of planes [3,H,W] in [-1,1] shows; neither where the two blend.
enum class Content { kRed, kGrey, kBlend };
Content ContentAt(const float* planes, vision::Size size, int x, int y);
size_t CountRed(const float* planes, vision::Size size);

}  // namespace sluice::train
