// Pictures to HEIC and AVIF files and back, by libheif.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "models/train/pixels/heif_layout.h"

namespace sluice::train {

// `quality` 0..100 is libheif's. One thread; HEVC by x265, preset "slow", tune
// "ssim" (libheif's defaults); AV1 by libaom, speed 6 (likewise); 4:2:0.
// Requires an 8-bit BGR picture. InvalidArgument for one that the library
// cannot code, Unimplemented when it was built without the encoder.
absl::StatusOr<std::vector<uint8_t>> EncodeHeif(const vision::Picture& picture,
                                                HeifCoding coding, int quality);

// The primary picture. DataLoss when the bytes are damaged or its size is not
// `size`.
absl::StatusOr<vision::Picture> DecodeHeif(std::span<const uint8_t> file,
                                           vision::Size size);

}  // namespace sluice::train
