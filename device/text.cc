#include "device/text.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace sluice::device {
namespace {

constexpr int kFace = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kCapHeightAtScale1 = 21.0;
constexpr int kMinRowHeight = 16;

}  // namespace

std::string ToAscii(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues_character = (byte & 0xC0) == 0x80;
    if (continues_character) continue;
    ascii.push_back(byte >= 0x20 && byte < 0x7F ? c : '?');
  }
  return ascii;
}

int RowHeight(vision::Size picture) {
  const double side =
      std::sqrt(static_cast<double>(picture.width) * picture.height);
  return std::max(kMinRowHeight, static_cast<int>(std::min(
                                     0.052 * side, picture.width / 14.0)));
}

Font::Font(double cap_height)
    : cap_height_(cap_height),
      thickness_(std::max(1, static_cast<int>(cap_height / 9))),
      scale_(cap_height / kCapHeightAtScale1) {}

int Font::Width(const std::string& text) const {
  return cv::getTextSize(text, kFace, scale_, thickness_, nullptr).width;
}

std::string Font::Fit(const std::string& text, int max_width) const {
  if (Width(text) <= max_width) return text;
  // Bytes of the beginning: `fits` do, `too_many` do not.
  size_t fits = 0;
  size_t too_many = text.size();
  while (fits + 1 < too_many) {
    const size_t middle = (fits + too_many) / 2;
    const bool middle_fits = Width(text.substr(0, middle) + "...") <= max_width;
    (middle_fits ? fits : too_many) = middle;
  }
  return fits == 0 ? "" : text.substr(0, fits) + "...";
}

void Font::Draw(cv::Mat& canvas, const std::string& text, int left, int middle,
                const cv::Scalar& color) const {
  const int baseline = middle + static_cast<int>(std::lround(cap_height_ / 2));
  cv::putText(canvas, text, {left, baseline}, kFace, scale_, color, thickness_,
              cv::LINE_AA);
}

}  // namespace sluice::device
