// The shape of one latent, [channels, height, width].
#pragma once

#include <cstddef>

#include "absl/status/status.h"

namespace sluice::codec {

struct LatentShape {
  int channels = 0;
  int height = 0;
  int width = 0;

  // REQUIRES: CheckLatentShape passed.
  size_t num_elements() const {
    return static_cast<size_t>(channels) * height * width;
  }
  size_t num_positions() const { return static_cast<size_t>(height) * width; }
  bool operator==(const LatentShape&) const = default;
};

// OK when every side is positive and within codec/limits.h; ResourceExhausted
// with the offending value and its limit otherwise (InvalidArgument for a side
// that is zero or negative).
absl::Status CheckLatentShape(const LatentShape& shape);

// CheckLatentShape, and InvalidArgument unless an array of `num_elements` and
// `num_channels` channel tables are what the shape calls for.
absl::Status CheckLatentSizes(const LatentShape& shape, size_t num_elements,
                              size_t num_channels);

}  // namespace sluice::codec
