#include "common/codec/latent_shape.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

namespace sluice::codec {
namespace {

absl::Status CheckSide(const char* name, int value, int limit) {
  if (value <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("latent ", name, " ", value, " is not positive"));
  }
  if (value > limit) {
    return absl::ResourceExhaustedError(
        absl::StrCat("latent ", name, " ", value, " exceeds ", limit));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLatentShape(const LatentShape& shape) {
  SLUICE_RETURN_IF_ERROR(CheckSide("channels", shape.channels, kMaxChannels));
  SLUICE_RETURN_IF_ERROR(CheckSide("height", shape.height, kMaxLatentSide));
  SLUICE_RETURN_IF_ERROR(CheckSide("width", shape.width, kMaxLatentSide));
  // 64 bits even where size_t has 32.
  const uint64_t num_elements =
      uint64_t{1} * shape.channels * shape.height * shape.width;
  if (num_elements > kMaxLatentElements) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "latent ", shape.channels, "x", shape.height, "x", shape.width, " has ",
        num_elements, " elements, which exceeds ", kMaxLatentElements));
  }
  return absl::OkStatus();
}

absl::Status CheckLatentSizes(const LatentShape& shape, size_t num_elements,
                              size_t num_channels) {
  SLUICE_RETURN_IF_ERROR(CheckLatentShape(shape));
  if (num_elements != shape.num_elements()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", shape.num_elements(), " elements for latent ",
                     shape.channels, "x", shape.height, "x", shape.width,
                     ", found ", num_elements));
  }
  if (num_channels != static_cast<size_t>(shape.channels)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected tables for ", shape.channels,
                     " channels, found ", num_channels));
  }
  return absl::OkStatus();
}

}  // namespace sluice::codec
