#include "common/vision/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::vision {
namespace {

std::string ToText(Size size) {
  return absl::StrCat(size.width, " x ", size.height);
}

bool IsWithin(Size inner, Size outer) {
  return inner.width >= 1 && inner.height >= 1 && inner.width <= outer.width &&
         inner.height <= outer.height;
}

absl::Status CheckPicture(const Picture& picture, Size expected) {
  if (picture.bgr.type() != CV_8UC3 || picture.size() != expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected an 8-bit BGR picture of ", ToText(expected),
                     " pixels, found ", ToText(picture.size()), " with ",
                     picture.bgr.channels(), " channels"));
  }
  return absl::OkStatus();
}

// One axis of a view in pixels of the whole resized picture.
struct Axis {
  int resized;
  int begin;
};

// Undoes MakeGeometry's divisions: both results are whole up to rounding.
absl::StatusOr<Axis> MakeAxis(int source, double scale, double offset,
                              int valid) {
  const double resized = std::round(source / scale);
  const double begin = std::round(offset / scale);
  // Written so that NaN fails as well.
  const bool is_inside = scale > 0.0 && resized >= 1.0 && resized <= 1e9 &&
                         begin >= 0.0 && begin + valid <= resized;
  if (!is_inside) {
    return absl::InvalidArgumentError(absl::StrCat(
        "geometry: a view side of ", valid, " at scale ", scale, " and offset ",
        offset, " does not lie within a picture side of ", source));
  }
  return Axis{static_cast<int>(resized), static_cast<int>(begin)};
}

cv::Mat Shrink(const cv::Mat& bgr, Axis x, Axis y, Size valid) {
  cv::Mat resized;
  cv::resize(bgr, resized, cv::Size(x.resized, y.resized), 0, 0,
             cv::INTER_AREA);
  return resized(cv::Rect(x.begin, y.begin, valid.width, valid.height)).clone();
}

// Computes only the view's pixels: the whole picture enlarged could be huge.
cv::Mat Enlarge(const cv::Mat& bgr, const Geometry& geometry) {
  // OpenCV counts from pixel centres, Geometry from pixel corners.
  const double shift_x = geometry.offset_x + 0.5 * geometry.scale_x - 0.5;
  const double shift_y = geometry.offset_y + 0.5 * geometry.scale_y - 0.5;
  const cv::Matx23d source_from_view(geometry.scale_x, 0, shift_x,  //
                                     0, geometry.scale_y, shift_y);
  cv::Mat view;
  cv::warpAffine(bgr, view, source_from_view,
                 cv::Size(geometry.valid.width, geometry.valid.height),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return view;
}

}  // namespace

absl::StatusOr<Picture> MakeView(const Picture& picture,
                                 const Geometry& geometry) {
  SLUICE_RETURN_IF_ERROR(CheckPicture(picture, geometry.source));
  const Size valid = geometry.valid;
  if (!IsWithin(valid, {kMaxViewSide, kMaxViewSide})) {
    return absl::InvalidArgumentError(
        absl::StrCat("geometry: view of ", ToText(valid),
                     " pixels, expected sides in 1..", kMaxViewSide));
  }
  SLUICE_ASSIGN_OR_RETURN(const Axis x,
                          MakeAxis(geometry.source.width, geometry.scale_x,
                                   geometry.offset_x, valid.width));
  SLUICE_ASSIGN_OR_RETURN(const Axis y,
                          MakeAxis(geometry.source.height, geometry.scale_y,
                                   geometry.offset_y, valid.height));
  try {
    if (geometry.scale_x < 1.0 || geometry.scale_y < 1.0) {
      return Picture{Enlarge(picture.bgr, geometry)};
    }
    return Picture{Shrink(picture.bgr, x, y, valid)};
  } catch (const cv::Exception& e) {
    return absl::InternalError(
        absl::StrCat("resizing ", ToText(geometry.source), " to ",
                     ToText(valid), " pixels: ", e.what()));
  }
}

absl::StatusOr<base::FloatTensor> ViewToInput(const Picture& view,
                                              const Geometry& geometry,
                                              float scale, float offset) {
  SLUICE_RETURN_IF_ERROR(CheckPicture(view, geometry.valid));
  const Size padded = geometry.padded;
  if (!IsWithin(geometry.valid, padded) ||
      !IsWithin(padded, {kMaxViewSide, kMaxViewSide})) {
    return absl::InvalidArgumentError(absl::StrCat(
        "geometry: cannot pad a view of ", ToText(geometry.valid), " to ",
        ToText(padded), " pixels; sides are bounded by ", kMaxViewSide));
  }
  std::array<float, 256> value_of_byte;
  for (int byte = 0; byte < 256; ++byte) {
    value_of_byte[byte] = static_cast<float>(byte) * scale + offset;
  }
  base::FloatTensor input;
  input.shape = {3, padded.height, padded.width};
  const size_t plane_elements =
      static_cast<size_t>(padded.height) * padded.width;
  input.values.resize(3 * plane_elements);
  for (int y = 0; y < padded.height; ++y) {
    const cv::Vec3b* row =
        view.bgr.ptr<cv::Vec3b>(std::min(y, view.bgr.rows - 1));
    float* red = &input.values[static_cast<size_t>(y) * padded.width];
    float* green = red + plane_elements;
    float* blue = green + plane_elements;
    for (int x = 0; x < padded.width; ++x) {
      const cv::Vec3b& pixel = row[std::min(x, view.bgr.cols - 1)];
      red[x] = value_of_byte[pixel[2]];
      green[x] = value_of_byte[pixel[1]];
      blue[x] = value_of_byte[pixel[0]];
    }
  }
  return input;
}

}  // namespace sluice::vision
