// Small picture files for the tests of vision, made in memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/vision/picture.h"

namespace sluice::vision {

using Bytes = std::vector<uint8_t>;

inline constexpr PictureFormat kFormats[] = {
    PictureFormat::kJpeg, PictureFormat::kPng, PictureFormat::kWebp};

// Four quadrants: red, green / blue, white (reading order).
Picture Quadrants(int width, int height);

// REQUIRES: a picture that can be encoded.
Bytes FileOf(const Picture& picture, PictureFormat format);

// EXIF metadata (with its "Exif\0\0" prefix) of one Orientation tag.
Bytes ExifOf(int orientation, bool is_big_endian);

// The file with EXIF metadata in its APP1 segment, eXIf or EXIF chunk.
// REQUIRES: a file made by FileOf (and, for WebP, the size of its picture).
Bytes WithExif(std::span<const uint8_t> file, PictureFormat format, Size size,
               std::span<const uint8_t> exif);

// Replaces the sizes in the header of a file made by FileOf.
Bytes WithDeclaredSize(std::span<const uint8_t> file, PictureFormat format,
                       int width, int height);

}  // namespace sluice::vision
