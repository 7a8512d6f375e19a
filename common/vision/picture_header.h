// What the structure of a JPEG, PNG or WebP file says, without decoding it.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"

namespace sluice::vision {

struct PictureHeader {
  PictureFormat format = PictureFormat::kJpeg;
  Size stored;          // Before rotation; within all limits.
  int orientation = 1;  // EXIF's: 1 is upright, 5..8 swap width and height.
};

// Walks the whole file (JPEG markers, PNG or WebP chunks) up to its end mark,
// so that a file cut short is told from a whole one. Errors as ProbePicture's.
absl::StatusOr<PictureHeader> ReadPictureHeader(std::span<const uint8_t> bytes);

// The size after the header's orientation has been applied.
Size UprightSize(const PictureHeader& header);

}  // namespace sluice::vision
