#include "device/palette.h"

#include <array>
#include <cmath>
#include <cstdint>

namespace sluice::device {
namespace {

// 0xRRGGBB, from the palettes of Okabe and Ito, Paul Tol and ColorBrewer.
// Neighbours are 25 or more apart in CIELAB, the first twelve 18, in the worst
// of normal sight, protanopia and deuteranopia (Machado et al., 2009).
constexpr std::array<uint32_t, kNumClassColors> kClassColors = {
    0x56B4E9, 0xFEC44F, 0x882255, 0x7570B3, 0xB2DF8A, 0x009988, 0x5E3C99,
    0x993404, 0xEE3377, 0x80CDC1, 0xD55E00, 0x99DDFF, 0x117733, 0x41B6C4,
    0x005A32, 0xEE8866, 0x7A0177, 0x33A02C, 0xAA3377, 0xE69F00};

// Of sRGB, 0..1, as WCAG defines it.
double RelativeLuminance(const cv::Scalar& bgr) {
  const auto linear = [](double byte) {
    const double value = byte / 255;
    return value <= 0.04045 ? value / 12.92
                            : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.0722 * linear(bgr[0]) + 0.7152 * linear(bgr[1]) +
         0.2126 * linear(bgr[2]);
}

// WCAG's contrast ratio, 1..21.
double Contrast(const cv::Scalar& a, const cv::Scalar& b) {
  const double x = RelativeLuminance(a) + 0.05;
  const double y = RelativeLuminance(b) + 0.05;
  return x > y ? x / y : y / x;
}

}  // namespace

cv::Scalar ClassColor(int class_index) {
  const uint32_t rgb =
      kClassColors[static_cast<uint32_t>(class_index) % kNumClassColors];
  return cv::Scalar(rgb & 0xFF, rgb >> 8 & 0xFF, rgb >> 16);
}

cv::Scalar InkOn(const cv::Scalar& fill) {
  return Contrast(fill, kPanelColor) > Contrast(fill, kWhite) ? kPanelColor
                                                              : kWhite;
}

}  // namespace sluice::device
