// A class per pixel: from a segmentation tail's logits to the source picture.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"

namespace sluice::task {

// Of pixels that no view showed, and of labelled pixels that do not count.
inline constexpr uint8_t kNoClass = 255;

struct Mask {
  vision::Size size;
  std::vector<uint8_t> classes;  // Row-major, size.width * size.height.
};

// Logits [K,h,w] of the padded view, at any stride, to the best class of every
// pixel of the source shrunk to `size` (the source's own size, or smaller with
// about its aspect): logits are interpolated bilinearly (pixel centres at +0.5)
// at the place in the view that a mask's pixel comes from; logits wholly in
// the padding are never read; pixels outside of the view are kNoClass;
// of equal classes the first wins. InvalidArgument when sizes do not fit, K is
// not in 1..255 or `size` exceeds the source's; ResourceExhausted when it
// exceeds vision's limits; Internal when a logit is NaN or infinite.
absl::StatusOr<Mask> MaskFromLogits(std::span<const float> logits,
                                    int num_classes, int height, int width,
                                    const vision::Geometry& geometry,
                                    vision::Size size);

// The source's size, or that with a long side of `max_side` when it is longer.
vision::Size MaskSize(vision::Size source, int max_side);

// 8-bit grey PNG, one class index per pixel. InvalidArgument when the mask does
// not hold what its size says, ResourceExhausted beyond vision's limits.
absl::StatusOr<std::vector<uint8_t>> EncodePng(const Mask& mask);
// InvalidArgument for any other kind of picture; else as vision::ProbePicture.
absl::StatusOr<Mask> DecodePng(std::span<const uint8_t> png);

// Row-major runs over the whole mask.
struct RunLengths {
  std::vector<uint32_t> classes;
  std::vector<uint32_t> lengths;
};
RunLengths EncodeRuns(const Mask& mask);
// InvalidArgument unless runs fill `size` exactly, with classes up to 255;
// ResourceExhausted when it exceeds vision's limits.
absl::StatusOr<Mask> DecodeRuns(const RunLengths& runs, vision::Size size);

}  // namespace sluice::task
