#include "device/annotate.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/vision/preprocess.h"
#include "device/legend.h"
#include "device/palette.h"
#include "device/text.h"

namespace sluice::device {
namespace {

using vision::Picture;
using vision::Size;

constexpr int kMinSide = 224;  // Text needs this width.
constexpr int kSheetMargin = 16;
constexpr vision::ViewRule kTileRule = {vision::ViewRule::Kind::kFit,
                                        {480, 400}};

// The size at which a picture is drawn upon.
Size EnlargedSize(Size size) {
  const double scale = std::max(
      1.0, static_cast<double>(kMinSide) / std::max(size.width, size.height));
  const auto enlarge = [scale](int side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  return {enlarge(size.width), enlarge(size.height)};
}

LegendRoom RoomFor(Size enlarged, int num_rows) {
  const int width = std::max(enlarged.width, kMinSide);
  return {width, RowHeight({width, enlarged.height}), num_rows};
}

absl::Status CheckMask(const task::Mask& mask) {
  const Size size = mask.size;
  if (size.width < 1 || size.height < 1 ||
      mask.classes.size() != static_cast<size_t>(size.width) * size.height) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a mask of at least one pixel that fills its ", "size, found ",
        mask.classes.size(), " classes for ", size.width, " x ", size.height));
  }
  return absl::OkStatus();
}

absl::Status CheckBox(const LabelledBox& box) {
  const task::Box& b = box.box;
  if (std::isfinite(b.x_min) && std::isfinite(b.y_min) &&
      std::isfinite(b.x_max) && std::isfinite(b.y_max)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected a box of finite numbers, found ", b.x_min, ", ",
                   b.y_min, ", ", b.x_max, ", ", b.y_max));
}

absl::Status Check(const Picture& picture, const Annotations& annotations,
                   const AnnotateOptions& options) {
  if (picture.bgr.empty()) {
    return absl::InvalidArgumentError("expected a picture, found an empty one");
  }
  if (options.legend_rows < 0 || options.legend_rows > kMaxLegendRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected 0 to ", kMaxLegendRows, " legend rows, found ",
                     options.legend_rows));
  }
  const Size source = annotations.source.value_or(picture.size());
  if (source.width < 1 || source.height < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected boxes in a source of at least one pixel, found ",
                     source.width, " x ", source.height));
  }
  for (const LabelledBox& box : annotations.boxes) {
    SLUICE_RETURN_IF_ERROR(CheckBox(box));
  }
  return annotations.mask ? CheckMask(annotations.mask->mask)
                          : absl::OkStatus();
}

// The legend's entries; `room` gets the rows that it takes.
std::vector<LegendEntry> MakeLegend(const std::optional<LabelledMask>& mask,
                                    const AnnotateOptions& options,
                                    LegendRoom& room) {
  room.num_rows = options.legend_rows;
  if (!mask) return {};
  if (options.legend_rows > 0) return ListAllClasses(*mask, room);
  room.num_rows = kMaxLegendRows;
  std::vector<LegendEntry> entries = ListPresentClasses(*mask, room);
  room.num_rows = entries.empty() ? 0 : entries.back().row + 1;
  return entries;
}

// REQUIRES: what Check accepts.
Picture Compose(const Picture& picture, const Annotations& annotations,
                const AnnotateOptions& options) {
  const Size size = EnlargedSize(picture.size());
  LegendRoom room = RoomFor(size, 0);
  const std::vector<LegendEntry> legend =
      MakeLegend(annotations.mask, options, room);
  const int legend_height = LegendHeight(room);
  const int band_height =
      LabelBandHeight(annotations.top, annotations.caption, room.row_height);
  const bool band_is_over =
      options.band == BandPlace::kOverPicture && 2 * band_height <= size.height;

  cv::Mat canvas(size.height + legend_height + (band_is_over ? 0 : band_height),
                 room.width, CV_8UC3, kPanelColor);
  cv::Mat scene = canvas(
      cv::Rect((room.width - size.width) / 2, 0, size.width, size.height));
  // Copies when nothing is enlarged.
  cv::resize(picture.bgr, scene, scene.size(), 0, 0, cv::INTER_CUBIC);
  if (annotations.mask) DrawMask(annotations.mask->mask, scene);
  DrawBoxes(annotations.boxes, annotations.source.value_or(picture.size()),
            scene);
  cv::Mat strip = canvas.rowRange(size.height, size.height + legend_height);
  DrawLegend(legend, room, strip);
  if (band_height > 0) {
    const int bottom = band_is_over ? size.height : canvas.rows;
    cv::Mat band = canvas.rowRange(bottom - band_height, bottom);
    DrawLabelBand(annotations.top, annotations.caption, room.row_height, band);
  }
  return Picture{canvas};
}

}  // namespace

absl::StatusOr<Picture> Annotate(const Picture& picture,
                                 const Annotations& annotations,
                                 const AnnotateOptions& options) {
  SLUICE_RETURN_IF_ERROR(Check(picture, annotations, options));
  return Compose(picture, annotations, options);
}

int LegendRows(std::span<const std::string> labels, Size picture) {
  return NumLegendRows(labels, RoomFor(EnlargedSize(picture), kMaxLegendRows));
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
                num_columns * step.width + kSheetMargin, CV_8UC3, kPanelColor);
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
