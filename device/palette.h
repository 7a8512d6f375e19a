// The colours of annotated pictures, in OpenCV's order: blue, green, red.
#pragma once

#include <opencv2/core.hpp>

namespace sluice::device {

inline const cv::Scalar kPanelColor(30, 28, 26);
inline const cv::Scalar kWhite(255, 255, 255);
inline const cv::Scalar kSoftWhite(214, 210, 206);
inline const cv::Scalar kDimmed(112, 106, 100);  // Text that may be overlooked.

inline constexpr int kNumClassColors = 20;

// The colour of a class, the same in every picture; beyond kNumClassColors
// they come again. Neighbours differ in lightness or in hues that colour-blind
// people tell apart, too.
cv::Scalar ClassColor(int class_index);

// The panel's colour or white: what reads better on `fill`.
cv::Scalar InkOn(const cv::Scalar& fill);

}  // namespace sluice::device
