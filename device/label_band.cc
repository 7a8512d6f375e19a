#include "device/label_band.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "absl/strings/str_format.h"
#include "device/palette.h"
#include "device/text.h"

namespace sluice::device {
namespace {

const cv::Scalar kTrack(92, 86, 80);
const cv::Scalar kBestBar(178, 206, 54);
const cv::Scalar kOtherBar(186, 160, 120);

constexpr double kOpacity = 0.78;

// Where the parts of a row go; everything follows from the row height.
struct Layout {
  int width;
  int row_height;
  int margin;

  int Middle(int row) const {
    return margin / 2 + row * row_height + row_height / 2;
  }
};

int NumLabels(const std::vector<Label>& top) {
  return static_cast<int>(std::min(top.size(), kMaxAnnotatedLabels));
}

// "label ........ [====    ]  87.3%"
void DrawScore(cv::Mat& band, const Layout& layout, const Label& label, int row,
               bool is_best) {
  const Font font(0.5 * layout.row_height);
  const int middle = layout.Middle(row);
  // Written so that NaN becomes 0.
  const double score =
      label.score > 0.0f ? std::min(1.0, static_cast<double>(label.score)) : 0;
  const std::string percent = absl::StrFormat("%.1f%%", 100 * score);
  const cv::Scalar& color = is_best ? kWhite : kSoftWhite;
  const int right = layout.width - layout.margin;
  font.Draw(band, percent, right - font.Width(percent), middle, color);

  const int bar_right = right - font.Width("100.0%") - layout.margin;
  const int bar_width = layout.width / 5;
  const int bar_left = bar_right - bar_width;
  const int bar_height = std::max(4, layout.row_height / 3);
  cv::Rect bar(bar_left, middle - bar_height / 2, bar_width, bar_height);
  cv::rectangle(band, bar, kTrack, cv::FILLED);
  bar.width = static_cast<int>(std::lround(score * bar_width));
  if (bar.width > 0) {
    cv::rectangle(band, bar, is_best ? kBestBar : kOtherBar, cv::FILLED);
  }

  const int label_width = bar_left - 2 * layout.margin;
  font.Draw(band, font.Fit(ToAscii(label.label), label_width), layout.margin,
            middle, color);
}

void DrawCaption(cv::Mat& band, const Layout& layout,
                 const std::string& caption, int row) {
  const Font font(0.44 * layout.row_height);
  font.Draw(band, font.Fit(ToAscii(caption), layout.width - 2 * layout.margin),
            layout.margin, layout.Middle(row), kSoftWhite);
}

}  // namespace

int LabelBandHeight(const std::vector<Label>& top, const std::string& caption,
                    int row_height) {
  const int num_rows = NumLabels(top) + (caption.empty() ? 0 : 1);
  return num_rows == 0 ? 0 : num_rows * row_height + row_height / 2;
}

void DrawLabelBand(const std::vector<Label>& top, const std::string& caption,
                   int row_height, cv::Mat& band) {
  const cv::Mat shade(band.size(), band.type(), kPanelColor);
  cv::addWeighted(shade, kOpacity, band, 1 - kOpacity, 0, band);
  const Layout layout{band.cols, row_height, row_height / 2};
  const int num_labels = NumLabels(top);
  for (int row = 0; row < num_labels; ++row) {
    if (top[row].label.empty()) continue;
    DrawScore(band, layout, top[row], row, /*is_best=*/row == 0);
  }
  if (!caption.empty()) DrawCaption(band, layout, caption, num_labels);
}

}  // namespace sluice::device
