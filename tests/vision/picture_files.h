// Small picture files for the tests of vision, made in memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/vision/picture.h"

namespace sluice::vision {

// Four quadrants: red, green / blue, white (reading order).
Picture Quadrants(int width, int height);

// REQUIRES: a picture that can be encoded.
std::vector<uint8_t> FileOf(const Picture& picture, PictureFormat format);

// EXIF metadata (with its "Exif\0\0" prefix) of one Orientation tag.
std::vector<uint8_t> ExifOf(int orientation, bool is_big_endian);

// The file with EXIF metadata in its APP1 segment, eXIf or EXIF chunk.
// REQUIRES: a file made by FileOf (and, for WebP, the size of its picture).
std::vector<uint8_t> WithExif(std::span<const uint8_t> file,
                              PictureFormat format, Size size,
                              std::span<const uint8_t> exif);

// Replaces the sizes in the header of a file made by FileOf.
std::vector<uint8_t> WithDeclaredSize(std::span<const uint8_t> file,
                                      PictureFormat format, int width,
                                      int height);

}  // namespace sluice::vision
