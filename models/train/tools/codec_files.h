// Pictures, frames and features as files: for debugging and for pipelines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"

namespace sluice::train {

// A frame file's bytes, unchecked but for their number. Errors as
// base::ReadFile.
absl::StatusOr<std::vector<uint8_t>> ReadFrameFile(
    const std::filesystem::path& path);

struct EncodeFileOptions {
  std::filesystem::path codec;
  std::filesystem::path picture;
  std::filesystem::path out;
  // None: the codec's default, or with max_bytes the highest that fits.
  std::optional<int> rate;
  vision::ViewRule view = {vision::ViewRule::Kind::kCrop, {224, 224}};
  // Of the frame, which then has the highest rate up to `rate` that fits.
  std::optional<int> max_bytes = std::nullopt;
};

// Picture -> frame. Returns one line that says what was written.
// ResourceExhausted when no frame is as small as max_bytes.
absl::StatusOr<std::string> EncodePictureFile(const EncodeFileOptions& options);

struct DecodeFileOptions {
  std::filesystem::path codec;
  std::filesystem::path frame;
  std::filesystem::path out;
};

// Frame -> safetensors holding "y_hat" [C,h,w] and "features" [F,h',w'], both
// float32. Returns one line that says what was written.
absl::StatusOr<std::string> DecodeFrameFile(const DecodeFileOptions& options);

}  // namespace sluice::train
