// Frames and their geometry <-> protobuf. Results need no conversion: their
// protobuf messages are the only form they have.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::wire {

// Sets the payload and the geometry of `request`; the rest stays as it is.
void FrameToProto(std::span<const uint8_t> frame,
                  const vision::Geometry& geometry, v1::InferRequest* request);
// The frame's bytes, empty when the request carries none. The span points into
// `request`.
std::span<const uint8_t> FrameFromProto(const v1::InferRequest& request);

v1::Geometry GeometryToProto(const vision::Geometry& geometry);
// `padded` is what the network sees, known from the frame and not sent.
// InvalidArgument naming the field when a size is zero or beyond its bound, the
// valid part exceeds `padded`, a scale is not positive or a number not finite.
absl::StatusOr<vision::Geometry> GeometryFromProto(const v1::Geometry& geometry,
                                                   vision::Size padded);

}  // namespace sluice::wire
