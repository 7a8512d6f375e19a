// Text on pictures: printable ASCII in one font, in sizes that suit a picture.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <string_view>

#include "common/vision/geometry.h"

namespace sluice::device {

// UTF-8 in, printable ASCII out: other characters come out as '?'.
std::string ToAscii(std::string_view text);

// The height of a line of text, in pixels, for a picture of that size.
int RowHeight(vision::Size picture);

class Font {
 public:
  // `cap_height` is that of a capital letter, in pixels.
  explicit Font(double cap_height);

  double cap_height() const { return cap_height_; }
  // In pixels.
  int Width(const std::string& text) const;

  // The longest beginning that fits, with "..." when it is not all of `text`.
  std::string Fit(const std::string& text, int max_width) const;

  // Vertically centred on `middle`.
  void Draw(cv::Mat& canvas, const std::string& text, int left, int middle,
            const cv::Scalar& color) const;

 private:
  double cap_height_;
  int thickness_;
  double scale_;
};

}  // namespace sluice::device
