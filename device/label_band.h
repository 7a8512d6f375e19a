// The band with a picture's best labels and its caption.
#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace sluice::device {

struct Label {
  std::string label;
  float score = 0.0f;  // Probability, 0..1.
};

inline constexpr size_t kMaxAnnotatedLabels = 3;

// In pixels, for the first kMaxAnnotatedLabels of `top` and a caption; 0 when
// there is nothing to say.
int LabelBandHeight(const std::vector<Label>& top, const std::string& caption,
                    int row_height);

// Darkens `band` (8-bit BGR, LabelBandHeight high) and draws a line for each
// label, with a bar for its score, and the caption as the last line. The line
// of an empty label stays empty.
void DrawLabelBand(const std::vector<Label>& top, const std::string& caption,
                   int row_height, cv::Mat& band);

}  // namespace sluice::device
