// PNGs whose pixels are class indices, palettes included.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "common/task/segmentation.h"

namespace sluice::train {

// The stored values of a grey or palette PNG of 1, 2, 4 or 8 bits: neither
// looked up in the palette, as OpenCV does, nor scaled to 0..255. Within
// vision's limits. InvalidArgument for other pictures (colours name no class,
// lossy files spoil indices) and for a mask that EXIF rotates; DataLoss for a
// damaged file.
absl::StatusOr<task::Mask> DecodeIndexPng(std::span<const uint8_t> bytes);

}  // namespace sluice::train
