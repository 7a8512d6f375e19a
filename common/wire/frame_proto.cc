#include "common/wire/frame_proto.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::wire {
namespace {

absl::Status CheckSide(const char* field, uint32_t side, int max_side) {
  if (side >= 1 && side <= static_cast<uint32_t>(max_side)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "geometry.", field, " is ", side, ", expected 1 to ", max_side));
}

absl::Status CheckScale(const char* field, double scale) {
  if (std::isfinite(scale) && scale > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "geometry.", field, " is ", scale, ", expected a positive number"));
}

absl::Status CheckOffset(const char* field, double offset) {
  if (std::isfinite(offset)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "geometry.", field, " is ", offset, ", expected a finite number"));
}

}  // namespace

void FrameToProto(std::span<const uint8_t> frame,
                  const vision::Geometry& geometry, v1::InferRequest* request) {
  request->set_frame(frame.data(), frame.size());
  *request->mutable_geometry() = GeometryToProto(geometry);
}

std::span<const uint8_t> FrameFromProto(const v1::InferRequest& request) {
  const std::string& frame = request.frame();
  return {reinterpret_cast<const uint8_t*>(frame.data()), frame.size()};
}

v1::Geometry GeometryToProto(const vision::Geometry& geometry) {
  v1::Geometry proto;
  proto.set_source_width(static_cast<uint32_t>(geometry.source.width));
  proto.set_source_height(static_cast<uint32_t>(geometry.source.height));
  proto.set_scale_x(geometry.scale_x);
  proto.set_scale_y(geometry.scale_y);
  proto.set_offset_x(geometry.offset_x);
  proto.set_offset_y(geometry.offset_y);
  proto.set_valid_width(static_cast<uint32_t>(geometry.valid.width));
  proto.set_valid_height(static_cast<uint32_t>(geometry.valid.height));
  return proto;
}

absl::StatusOr<vision::Geometry> GeometryFromProto(const v1::Geometry& geometry,
                                                   vision::Size padded) {
  SLUICE_RETURN_IF_ERROR(CheckSide("source_width", geometry.source_width(),
                                   vision::kMaxPictureSide));
  SLUICE_RETURN_IF_ERROR(CheckSide("source_height", geometry.source_height(),
                                   vision::kMaxPictureSide));
  SLUICE_RETURN_IF_ERROR(
      CheckSide("valid_width", geometry.valid_width(), padded.width));
  SLUICE_RETURN_IF_ERROR(
      CheckSide("valid_height", geometry.valid_height(), padded.height));
  SLUICE_RETURN_IF_ERROR(CheckScale("scale_x", geometry.scale_x()));
  SLUICE_RETURN_IF_ERROR(CheckScale("scale_y", geometry.scale_y()));
  SLUICE_RETURN_IF_ERROR(CheckOffset("offset_x", geometry.offset_x()));
  SLUICE_RETURN_IF_ERROR(CheckOffset("offset_y", geometry.offset_y()));
  vision::Geometry result;
  result.source = {static_cast<int>(geometry.source_width()),
                   static_cast<int>(geometry.source_height())};
  result.scale_x = geometry.scale_x();
  result.scale_y = geometry.scale_y();
  result.offset_x = geometry.offset_x();
  result.offset_y = geometry.offset_y();
  result.valid = {static_cast<int>(geometry.valid_width()),
                  static_cast<int>(geometry.valid_height())};
  result.padded = padded;
  return result;
}

}  // namespace sluice::wire
