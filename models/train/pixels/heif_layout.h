// Where the coded data of a HEIC or AVIF file lies (ISO/IEC 23008-12).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace sluice::train {

enum class HeifCoding { kHevc, kAv1 };

struct HeifLayout {
  HeifCoding coding = HeifCoding::kHevc;
  // The data of every coded item (hvc1 or av01), which lies in mdat, and the
  // NAL units in hvcC, without their lengths: parameter sets that HEVC data is
  // lost without. Whatever av1C holds is in the data of AV1 as well.
  size_t coded_bytes = 0;
};

// Reads the structure alone, decodes nothing. InvalidArgument when the bytes
// are not such a file or hold both kinds of data, DataLoss when the structure
// is cut short, contradicts itself, or has an item outside of mdat.
absl::StatusOr<HeifLayout> ReadHeifLayout(std::span<const uint8_t> file);

}  // namespace sluice::train
