#include "device/draw_mask.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>

#include "device/palette.h"

namespace sluice::device {
namespace {

// In 256ths.
constexpr int kFillOpacity = 115;
constexpr int kLineOpacity = 230;

constexpr double kLineLightness = 0.35;

// Of each class, `lightness` of the way to white.
std::array<cv::Vec3b, 256> MakeColors(double lightness) {
  std::array<cv::Vec3b, 256> colors;
  for (int i = 0; i < 256; ++i) {
    const cv::Scalar color =
        (1 - lightness) * ClassColor(i) + lightness * kWhite;
    colors[i] = cv::Vec3b(static_cast<uint8_t>(color[0]),
                          static_cast<uint8_t>(color[1]),
                          static_cast<uint8_t>(color[2]));
  }
  return colors;
}

// Non-zero within about half of `width` pixels of where two classes meet.
cv::Mat FindBorders(const cv::Mat& classes, int width) {
  cv::Mat borders = cv::Mat::zeros(classes.size(), CV_8U);
  const int w = classes.cols;
  const int h = classes.rows;
  if (w > 1) {
    cv::compare(classes.colRange(0, w - 1), classes.colRange(1, w),
                borders.colRange(0, w - 1), cv::CMP_NE);
  }
  if (h > 1) {
    cv::Mat below;
    cv::compare(classes.rowRange(0, h - 1), classes.rowRange(1, h), below,
                cv::CMP_NE);
    borders.rowRange(0, h - 1) |= below;
  }
  if (width > 1) {
    cv::dilate(borders, borders,
               cv::getStructuringElement(cv::MORPH_RECT, {width, width}));
  }
  return borders;
}

}  // namespace

void DrawMask(const task::Mask& mask, cv::Mat& canvas) {
  const cv::Mat original(mask.size.height, mask.size.width, CV_8U,
                         const_cast<uint8_t*>(mask.classes.data()));
  cv::Mat classes;
  cv::resize(original, classes, canvas.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  const double side = std::sqrt(static_cast<double>(canvas.total()));
  const cv::Mat borders =
      FindBorders(classes, std::max(1, cvRound(side / 480)));
  const std::array<cv::Vec3b, 256> fills = MakeColors(0);
  const std::array<cv::Vec3b, 256> lines = MakeColors(kLineLightness);
  for (int y = 0; y < canvas.rows; ++y) {
    const uint8_t* class_row = classes.ptr<uint8_t>(y);
    const uint8_t* border_row = borders.ptr<uint8_t>(y);
    cv::Vec3b* pixels = canvas.ptr<cv::Vec3b>(y);
    for (int x = 0; x < canvas.cols; ++x) {
      if (class_row[x] == task::kNoClass) continue;
      const bool on_line = border_row[x] != 0;
      const int opacity = on_line ? kLineOpacity : kFillOpacity;
      const cv::Vec3b& color = (on_line ? lines : fills)[class_row[x]];
      for (int c = 0; c < 3; ++c) {
        pixels[x][c] = static_cast<uint8_t>(
            (pixels[x][c] * (256 - opacity) + color[c] * opacity + 128) >> 8);
      }
    }
  }
}

}  // namespace sluice::device
