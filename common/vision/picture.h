// Pictures: decoding with EXIF orientation, encoding, reading files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"

namespace sluice::vision {

// 8-bit BGR (OpenCV's order), upright, non-empty.
struct Picture {
  cv::Mat bgr;
  Size size() const { return {bgr.cols, bgr.rows}; }
};

// Width and height from a JPEG, PNG or WebP header, before decoding anything.
// InvalidArgument for other bytes.
absl::StatusOr<Size> ProbePicture(std::span<const uint8_t> bytes);

// Decodes JPEG, PNG or WebP and applies EXIF orientation. InvalidArgument when
// the bytes are no such picture (says what they begin with), ResourceExhausted
// beyond kMaxPictureSide or kMaxPicturePixels (checked before decoding),
// DataLoss when the picture is damaged.
absl::StatusOr<Picture> DecodePicture(std::span<const uint8_t> bytes);
absl::StatusOr<Picture> ReadPicture(const std::filesystem::path& path);

enum class PictureFormat { kJpeg, kPng, kWebp };
// `quality` 1..100 for JPEG and WebP, ignored for PNG.
absl::StatusOr<std::vector<uint8_t>> EncodePicture(const Picture& picture,
                                                   PictureFormat format,
                                                   int quality);

}  // namespace sluice::vision
