// Pictures: decoding with EXIF orientation, encoding, reading files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"

namespace sluice::vision {

inline constexpr size_t kMaxPictureFileBytes = 256u << 20;

// 8-bit BGR (OpenCV's order), upright, non-empty.
struct Picture {
  cv::Mat bgr;
  Size size() const { return {bgr.cols, bgr.rows}; }
};

// Upright width and height (EXIF orientation applied), read from the structure
// of a JPEG, PNG or WebP file without decoding anything. InvalidArgument when
// the bytes are no such picture (says what they begin with), ResourceExhausted
// beyond kMaxPictureSide or kMaxPicturePixels, DataLoss when the file ends too
// early or contradicts itself.
absl::StatusOr<Size> ProbePicture(std::span<const uint8_t> bytes);

// Decodes JPEG, PNG or WebP and applies EXIF orientation, in all three formats.
// Grey, 16-bit and CMYK pictures become 8-bit BGR; transparency is dropped.
// Errors as ProbePicture's, checked before decoding, and DataLoss when the
// compressed data is damaged. What a JPEG decoder itself passes over cannot be
// told: a few flipped bits inside its compressed data only spoil pixels.
absl::StatusOr<Picture> DecodePicture(std::span<const uint8_t> bytes);

// Errors name the path; otherwise as DecodePicture's and base::ReadFile's
// (NotFound, InvalidArgument for a directory).
absl::StatusOr<Picture> ReadPicture(const std::filesystem::path& path);

enum class PictureFormat { kJpeg, kPng, kWebp };
// `quality` 1..100 for JPEG (4:2:0, optimized Huffman tables) and WebP, ignored
// for PNG. InvalidArgument for another quality or an empty picture.
absl::StatusOr<std::vector<uint8_t>> EncodePicture(const Picture& picture,
                                                   PictureFormat format,
                                                   int quality);

}  // namespace sluice::vision
