#include "device/annotate.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"

namespace sluice::device {
namespace {

using vision::Picture;

const cv::Scalar kBackground(30, 28, 26);
const cv::Scalar kWhite(255, 255, 255);
const cv::Scalar kSoftWhite(214, 210, 206);
const cv::Scalar kTrack(92, 86, 80);
const cv::Scalar kBestBar(178, 206, 54);
const cv::Scalar kOtherBar(186, 160, 120);

constexpr double kBandOpacity = 0.78;
constexpr int kMinSide = 224;  // Text needs this width.
constexpr int kMinRowHeight = 16;
constexpr int kSheetMargin = 16;
constexpr vision::ViewRule kTileRule = {vision::ViewRule::Kind::kFit,
                                        {480, 400}};

// UTF-8 in, printable ASCII out.
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

class Font {
 public:
  explicit Font(double cap_height)
      : cap_height_(cap_height),
        thickness_(std::max(1, static_cast<int>(cap_height / 9))),
        scale_(cap_height / kCapHeightAtScale1) {}

  int Width(const std::string& text) const {
    return cv::getTextSize(text, kFace, scale_, thickness_, nullptr).width;
  }

  // The longest beginning that fits, with "..." when it is not all of `text`.
  std::string Fit(const std::string& text, int max_width) const {
    if (Width(text) <= max_width) return text;
    // Bytes of the beginning: `fits` do, `too_many` do not.
    size_t fits = 0;
    size_t too_many = text.size();
    while (fits + 1 < too_many) {
      const size_t middle = (fits + too_many) / 2;
      const bool middle_fits =
          Width(text.substr(0, middle) + "...") <= max_width;
      (middle_fits ? fits : too_many) = middle;
    }
    return fits == 0 ? "" : text.substr(0, fits) + "...";
  }

  // Vertically centred on `middle`.
  void Draw(cv::Mat& canvas, const std::string& text, int left, int middle,
            const cv::Scalar& color) const {
    const int baseline =
        middle + static_cast<int>(std::lround(cap_height_ / 2));
    cv::putText(canvas, text, {left, baseline}, kFace, scale_, color,
                thickness_, cv::LINE_AA);
  }

 private:
  static constexpr int kFace = cv::FONT_HERSHEY_SIMPLEX;
  static constexpr double kCapHeightAtScale1 = 21.0;

  double cap_height_;
  int thickness_;
  double scale_;
};

// Where the parts of the band go; everything follows from the row height.
struct Layout {
  int width;
  int row_height;
  int margin;
  int band_height;

  Layout(vision::Size size, int num_rows) : width(size.width) {
    const double side =
        std::sqrt(static_cast<double>(size.width) * size.height);
    row_height =
        std::max(kMinRowHeight,
                 static_cast<int>(std::min(0.052 * side, size.width / 14.0)));
    margin = row_height / 2;
    band_height = num_rows == 0 ? 0 : num_rows * row_height + margin;
  }
};

cv::Mat EnlargeSmall(const cv::Mat& bgr) {
  const double scale =
      static_cast<double>(kMinSide) / std::max(bgr.cols, bgr.rows);
  if (scale <= 1.0) return bgr;
  const auto enlarge = [scale](int side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  cv::Mat enlarged;
  cv::resize(bgr, enlarged, cv::Size(enlarge(bgr.cols), enlarge(bgr.rows)), 0,
             0, cv::INTER_CUBIC);
  return enlarged;
}

// A copy, widened to the layout and with room below if the band would cover
// more than half of it.
cv::Mat MakeCanvas(const cv::Mat& bgr, const Layout& layout) {
  const int below = 2 * layout.band_height > bgr.rows ? layout.band_height : 0;
  const int left = (layout.width - bgr.cols) / 2;
  const int right = layout.width - bgr.cols - left;
  cv::Mat canvas;
  cv::copyMakeBorder(bgr, canvas, 0, below, left, right, cv::BORDER_CONSTANT,
                     kBackground);
  return canvas;
}

// "label ........ [====    ]  87.3%"
void DrawScore(cv::Mat& band, const Layout& layout, const Label& label, int row,
               bool is_best) {
  const Font font(0.5 * layout.row_height);
  const int middle =
      layout.margin / 2 + row * layout.row_height + layout.row_height / 2;
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
  const int middle =
      layout.margin / 2 + row * layout.row_height + layout.row_height / 2;
  font.Draw(band, font.Fit(ToAscii(caption), layout.width - 2 * layout.margin),
            layout.margin, middle, kSoftWhite);
}

}  // namespace

Picture AnnotateClassification(const Picture& picture,
                               const std::vector<Label>& top,
                               const std::string& caption) {
  const int num_labels =
      static_cast<int>(std::min(top.size(), kMaxAnnotatedLabels));
  const int num_rows = num_labels + (caption.empty() ? 0 : 1);
  const cv::Mat bgr = EnlargeSmall(picture.bgr);
  const Layout layout({std::max(bgr.cols, kMinSide), bgr.rows}, num_rows);
  cv::Mat canvas = MakeCanvas(bgr, layout);
  if (num_rows == 0) return Picture{canvas};

  cv::Mat band = canvas.rowRange(canvas.rows - layout.band_height, canvas.rows);
  const cv::Mat shade(band.size(), band.type(), kBackground);
  cv::addWeighted(shade, kBandOpacity, band, 1 - kBandOpacity, 0, band);
  for (int row = 0; row < num_labels; ++row) {
    DrawScore(band, layout, top[row], row, /*is_best=*/row == 0);
  }
  if (!caption.empty()) DrawCaption(band, layout, caption, num_labels);
  return Picture{canvas};
}

absl::StatusOr<Picture> ContactSheet(std::span<const Picture> pictures,
                                     int columns) {
  if (pictures.empty() || columns < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a contact sheet needs pictures and columns, found ",
                     pictures.size(), " and ", columns));
  }
  if (pictures.size() > kMaxContactSheetPictures) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a contact sheet holds at most ", kMaxContactSheetPictures,
                     " pictures, found ", pictures.size()));
  }
  std::vector<Picture> tiles;
  cv::Size tile_size;
  for (const Picture& picture : pictures) {
    SLUICE_ASSIGN_OR_RETURN(
        const vision::Geometry geometry,
        vision::MakeGeometry(picture.size(), kTileRule, /*pad_multiple=*/1));
    SLUICE_ASSIGN_OR_RETURN(Picture tile, vision::MakeView(picture, geometry));
    tile_size.width = std::max(tile_size.width, tile.bgr.cols);
    tile_size.height = std::max(tile_size.height, tile.bgr.rows);
    tiles.push_back(std::move(tile));
  }
  const int num_tiles = static_cast<int>(tiles.size());
  const int num_columns = std::min(columns, num_tiles);
  const int num_rows = (num_tiles + num_columns - 1) / num_columns;
  const cv::Size step(tile_size.width + kSheetMargin,
                      tile_size.height + kSheetMargin);
  cv::Mat sheet(num_rows * step.height + kSheetMargin,
                num_columns * step.width + kSheetMargin, CV_8UC3, kBackground);
  for (int i = 0; i < num_tiles; ++i) {
    const cv::Mat& tile = tiles[i].bgr;
    const int left = kSheetMargin + i % num_columns * step.width +
                     (tile_size.width - tile.cols) / 2;
    const int top = kSheetMargin + i / num_columns * step.height +
                    (tile_size.height - tile.rows) / 2;
    tile.copyTo(sheet(cv::Rect(left, top, tile.cols, tile.rows)));
  }
  return Picture{sheet};
}

}  // namespace sluice::device
