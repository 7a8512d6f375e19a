// The one EXIF field that changes what a picture shows: its orientation.
#pragma once

#include <cstdint>
#include <span>

namespace sluice::vision {

// The Orientation tag (0x0112) of the first directory of EXIF metadata, 1..8,
// with or without the leading "Exif\0\0". Damaged or missing metadata means 1,
// upright: it is no reason to refuse a picture.
int ExifOrientation(std::span<const uint8_t> exif);

}  // namespace sluice::vision
