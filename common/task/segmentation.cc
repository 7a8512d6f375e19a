#include "common/task/segmentation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/vision/picture_header.h"

namespace sluice::task {
namespace {

using vision::Geometry;
using vision::Size;

constexpr int kMaxClasses = 255;  // 0..254; 255 is kNoClass.

std::string ToText(Size size) {
  return absl::StrCat(size.width, " x ", size.height);
}

size_t NumPixels(Size size) {
  return static_cast<size_t>(size.width) * size.height;
}

bool IsWithin(Size inner, Size outer) {
  return inner.width >= 1 && inner.height >= 1 && inner.width <= outer.width &&
         inner.height <= outer.height;
}

// Before anything is allocated.
absl::Status CheckMaskSize(Size size) {
  if (size.width < 1 || size.height < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "mask of ", ToText(size), " pixels: expected sides of at least 1"));
  }
  if (size.width > vision::kMaxPictureSide ||
      size.height > vision::kMaxPictureSide ||
      NumPixels(size) > vision::kMaxPicturePixels) {
    return absl::ResourceExhaustedError(
        absl::StrCat("mask of ", ToText(size), " pixels: expected sides up to ",
                     vision::kMaxPictureSide, " and up to ",
                     vision::kMaxPicturePixels, " pixels"));
  }
  return absl::OkStatus();
}

absl::Status CheckGeometry(const Geometry& geometry) {
  // Written so that NaN fails as well.
  const bool has_scale = geometry.scale_x > 0.0 && geometry.scale_y > 0.0 &&
                         std::isfinite(geometry.offset_x) &&
                         std::isfinite(geometry.offset_y);
  if (!has_scale || !IsWithin(geometry.valid, geometry.padded) ||
      !IsWithin(geometry.padded,
                {vision::kMaxViewSide, vision::kMaxViewSide})) {
    return absl::InvalidArgumentError(absl::StrCat(
        "geometry: expected a view within its padded size, at a positive "
        "scale, found ",
        ToText(geometry.valid), " in ", ToText(geometry.padded),
        " pixels at scale ", geometry.scale_x, ", ", geometry.scale_y,
        " and offset ", geometry.offset_x, ", ", geometry.offset_y));
  }
  return absl::OkStatus();
}

// Logits [num_classes,height,width].
struct LogitMap {
  std::span<const float> values;
  int num_classes;
  int height;
  int width;
};

absl::Status CheckLogits(const LogitMap& logits) {
  if (logits.num_classes < 1 || logits.num_classes > kMaxClasses) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected 1..", kMaxClasses, " classes, found ", logits.num_classes));
  }
  const size_t plane_elements =
      NumPixels({std::max(logits.width, 0), std::max(logits.height, 0)});
  // Divides, because the product of all three could overflow.
  if (plane_elements == 0 || logits.values.size() % plane_elements != 0 ||
      logits.values.size() / plane_elements !=
          static_cast<size_t>(logits.num_classes)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected logits [", logits.num_classes, ",", logits.height, ",",
        logits.width, "], found ", logits.values.size(), " numbers"));
  }
  const auto bad = std::find_if_not(logits.values.begin(), logits.values.end(),
                                    [](float v) { return std::isfinite(v); });
  if (bad != logits.values.end()) {
    return absl::InternalError(absl::StrCat(
        "logit ", bad - logits.values.begin(),
        ": expected a finite number, the network returned ", *bad));
  }
  return absl::OkStatus();
}

// One side of everything between a mask and logits.
struct Side {
  int mask;
  int source;
  double scale;
  double offset;
  int valid;
  int padded;
  int logits;
};

// A place between two neighbouring logits of a row or column.
struct Place {
  int index;
  int next;
  float share_of_next;
};

// Places of the mask's pixels begin, begin + 1, ...; others show nothing.
struct Axis {
  int begin = 0;
  std::vector<Place> places;
};

Axis MakeAxis(const Side& side) {
  // The last logit that saw any of the valid part, in whole numbers: a rounding
  // error must not reach into the padding.
  const int64_t num_logits =
      (int64_t{side.valid} * side.logits + side.padded - 1) / side.padded;
  const int last = static_cast<int>(num_logits - 1);
  Axis axis;
  for (int i = 0; i < side.mask; ++i) {
    const double source = (i + 0.5) * side.source / side.mask;
    const double view = (source - side.offset) / side.scale;
    if (view < 0.0 || view >= side.valid) continue;
    if (axis.places.empty()) axis.begin = i;
    const double place =
        std::clamp<double>(view * side.logits / side.padded - 0.5, 0.0, last);
    const int index = static_cast<int>(place);
    axis.places.push_back(
        {index, std::min(index + 1, last), static_cast<float>(place - index)});
  }
  return axis;
}

// A row of logits at the mask's columns, [num_classes,columns].
struct WideRow {
  int y = -1;
  std::vector<float> values;
};

void Widen(const LogitMap& logits, int y, const Axis& x, WideRow& row) {
  row.y = y;
  row.values.resize(x.places.size() * logits.num_classes);
  float* out = row.values.data();
  for (int k = 0; k < logits.num_classes; ++k) {
    const float* in =
        &logits.values[(static_cast<size_t>(k) * logits.height + y) *
                       logits.width];
    for (const Place& place : x.places) {
      *out++ = in[place.index] * (1.0f - place.share_of_next) +
               in[place.next] * place.share_of_next;
    }
  }
}

// The best class of every column between two rows, and its logit.
struct BestRow {
  std::vector<int> classes;
  std::vector<float> logits;
};

void FindBest(const WideRow& above, const WideRow& below, float share_of_below,
              int num_classes, BestRow& best) {
  const size_t columns = best.classes.size();
  std::fill(best.classes.begin(), best.classes.end(), 0);
  std::fill(best.logits.begin(), best.logits.end(),
            -std::numeric_limits<float>::infinity());
  const float share_of_above = 1.0f - share_of_below;
  for (int k = 0; k < num_classes; ++k) {
    const float* a = above.values.data() + k * columns;
    const float* b = below.values.data() + k * columns;
    float* logits = best.logits.data();
    int* classes = best.classes.data();
    for (size_t x = 0; x < columns; ++x) {
      const float logit = a[x] * share_of_above + b[x] * share_of_below;
      // With std::max instead of a second choice GCC vectorizes the loop.
      const bool is_better = logit > logits[x];
      classes[x] = is_better ? k : classes[x];
      logits[x] = std::max(logit, logits[x]);
    }
  }
}

// Places only ever move down: each row of logits is widened once.
void FillMask(const LogitMap& logits, const Axis& x, const Axis& y,
              Mask& mask) {
  const size_t columns = x.places.size();
  BestRow best{std::vector<int>(columns), std::vector<float>(columns)};
  WideRow above;
  WideRow below;
  for (size_t i = 0; i < y.places.size(); ++i) {
    const Place& place = y.places[i];
    if (place.index == below.y) std::swap(above, below);
    if (place.index != above.y) Widen(logits, place.index, x, above);
    if (place.next != below.y) Widen(logits, place.next, x, below);
    FindBest(above, below, place.share_of_next, logits.num_classes, best);
    const size_t first = (y.begin + i) * mask.size.width + x.begin;
    std::transform(best.classes.begin(), best.classes.end(),
                   mask.classes.begin() + first,
                   [](int k) { return static_cast<uint8_t>(k); });
  }
}

absl::Status CheckMask(const Mask& mask) {
  SLUICE_RETURN_IF_ERROR(CheckMaskSize(mask.size));
  if (mask.classes.size() != NumPixels(mask.size)) {
    return absl::InvalidArgumentError(
        absl::StrCat("mask of ", ToText(mask.size), " pixels holds ",
                     mask.classes.size(), " classes"));
  }
  return absl::OkStatus();
}

// IHDR, always the first chunk, ends with depth and colour type.
constexpr size_t kPngDepthAt = 24;
constexpr size_t kPngColourAt = 25;

absl::Status CheckGreyPng(std::span<const uint8_t> png,
                          vision::PictureFormat format) {
  if (format != vision::PictureFormat::kPng) {
    return absl::InvalidArgumentError(
        "mask: expected a PNG, found another picture format");
  }
  const int depth = png[kPngDepthAt];
  const int colour_type = png[kPngColourAt];
  if (depth != 8 || colour_type != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "mask: expected an 8-bit PNG of colour type 0 (grey), found ", depth,
        " bits of colour type ", colour_type));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Mask> MaskFromLogits(std::span<const float> logits,
                                    int num_classes, int height, int width,
                                    const Geometry& geometry, Size size) {
  const LogitMap map{logits, num_classes, height, width};
  SLUICE_RETURN_IF_ERROR(CheckMaskSize(size));
  SLUICE_RETURN_IF_ERROR(CheckGeometry(geometry));
  SLUICE_RETURN_IF_ERROR(CheckLogits(map));
  if (!IsWithin(size, geometry.source)) {
    return absl::InvalidArgumentError(
        absl::StrCat("mask of ", ToText(size), " pixels exceeds its source of ",
                     ToText(geometry.source)));
  }
  const Axis x = MakeAxis({size.width, geometry.source.width, geometry.scale_x,
                           geometry.offset_x, geometry.valid.width,
                           geometry.padded.width, width});
  const Axis y = MakeAxis(
      {size.height, geometry.source.height, geometry.scale_y, geometry.offset_y,
       geometry.valid.height, geometry.padded.height, height});
  Mask mask{size, std::vector<uint8_t>(NumPixels(size), kNoClass)};
  FillMask(map, x, y, mask);
  return mask;
}

Size MaskSize(Size source, int max_side) {
  const int long_side = std::max(source.width, source.height);
  if (long_side <= max_side) return source;
  const auto shrink = [=](int side) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(side) *
                                                    max_side / long_side)));
  };
  return {shrink(source.width), shrink(source.height)};
}

absl::StatusOr<std::vector<uint8_t>> EncodePng(const Mask& mask) {
  SLUICE_RETURN_IF_ERROR(CheckMask(mask));
  // A quarter fewer bytes than OpenCV's own choice makes of road scenes.
  const std::vector<int> parameters = {cv::IMWRITE_PNG_COMPRESSION, 6,
                                       cv::IMWRITE_PNG_STRATEGY,
                                       cv::IMWRITE_PNG_STRATEGY_RLE};
  std::vector<uint8_t> png;
  try {
    // OpenCV takes a mutable pointer and only reads through it.
    const cv::Mat grey(mask.size.height, mask.size.width, CV_8UC1,
                       const_cast<uint8_t*>(mask.classes.data()));
    if (cv::imencode(".png", grey, png, parameters)) return png;
  } catch (const cv::Exception& e) {
    return absl::InternalError(absl::StrCat("encoding a mask: ", e.what()));
  }
  return absl::InternalError(absl::StrCat(
      "encoding a mask of ", ToText(mask.size), " pixels as PNG failed"));
}

absl::StatusOr<Mask> DecodePng(std::span<const uint8_t> png) {
  SLUICE_ASSIGN_OR_RETURN(const vision::PictureHeader header,
                          vision::ReadPictureHeader(png));
  SLUICE_RETURN_IF_ERROR(CheckGreyPng(png, header.format));
  try {
    const cv::Mat file(1, static_cast<int>(png.size()), CV_8UC1,
                       const_cast<uint8_t*>(png.data()));
    const cv::Mat grey = cv::imdecode(file, cv::IMREAD_UNCHANGED);
    if (grey.type() == CV_8UC1 && Size{grey.cols, grey.rows} == header.stored) {
      return Mask{header.stored, {grey.begin<uint8_t>(), grey.end<uint8_t>()}};
    }
  } catch (const cv::Exception& e) {
    return absl::DataLossError(absl::StrCat("mask: damaged PNG: ", e.what()));
  }
  return absl::DataLossError("mask: expected decodable PNG data, found damage");
}

RunLengths EncodeRuns(const Mask& mask) {
  RunLengths runs;
  for (auto begin = mask.classes.begin(); begin != mask.classes.end();) {
    const auto end = std::find_if_not(begin, mask.classes.end(),
                                      [=](uint8_t k) { return k == *begin; });
    runs.classes.push_back(*begin);
    runs.lengths.push_back(static_cast<uint32_t>(end - begin));
    begin = end;
  }
  return runs;
}

absl::StatusOr<Mask> DecodeRuns(const RunLengths& runs, Size size) {
  SLUICE_RETURN_IF_ERROR(CheckMaskSize(size));
  if (runs.classes.size() != runs.lengths.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "runs: expected a length per class, found ", runs.classes.size(),
        " classes and ", runs.lengths.size(), " lengths"));
  }
  const uint64_t num_pixels =
      std::accumulate(runs.lengths.begin(), runs.lengths.end(), uint64_t{0});
  if (num_pixels != NumPixels(size)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "runs: ", num_pixels, " pixels do not fill a mask of ", ToText(size)));
  }
  Mask mask{size, std::vector<uint8_t>(NumPixels(size))};
  auto pixel = mask.classes.begin();
  for (size_t i = 0; i < runs.classes.size(); ++i) {
    if (runs.classes[i] > kNoClass) {
      return absl::InvalidArgumentError(absl::StrCat(
          "run ", i, ": expected a class in 0..255, found ", runs.classes[i]));
    }
    pixel = std::fill_n(pixel, runs.lengths[i],
                        static_cast<uint8_t>(runs.classes[i]));
  }
  return mask;
}

}  // namespace sluice::task
