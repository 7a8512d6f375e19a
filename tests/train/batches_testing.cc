#include "tests/train/batches_testing.h"

#include <cmath>
#include <opencv2/core.hpp>

#include "common/vision/picture.h"

namespace sluice::train {

std::vector<uint8_t> MakeRedOnGreyPng(vision::Size size, const cv::Rect& red) {
  vision::Picture picture{
      cv::Mat(size.height, size.width, CV_8UC3, cv::Scalar::all(128))};
  picture.bgr(red).setTo(cv::Scalar(0, 0, 255));
  return vision::EncodePicture(picture, vision::PictureFormat::kPng, 100)
      .value();
}

Content ContentAt(const float* planes, vision::Size size, int x, int y) {
  const size_t plane_elements = static_cast<size_t>(size.width) * size.height;
  const float* red = planes + static_cast<size_t>(y) * size.width + x;
  const float* green = red + plane_elements;
  const float* blue = green + plane_elements;
  if (*red > 0.95f && *green < -0.95f && *blue < -0.95f) return Content::kRed;
  const bool is_grey = std::abs(*red) < 0.05f && std::abs(*green) < 0.05f &&
                       std::abs(*blue) < 0.05f;
  return is_grey ? Content::kGrey : Content::kBlend;
}

size_t CountRed(const float* planes, vision::Size size) {
  size_t count = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      if (ContentAt(planes, size, x, y) == Content::kRed) ++count;
    }
  }
  return count;
}

}  // namespace sluice::train
