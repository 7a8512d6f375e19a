#include "models/train/pixel_baseline.h"

#include "absl/strings/str_cat.h"

namespace sluice::train {
namespace {

// OpenCV writes WebP from quality 1 upwards.
constexpr int kJpegQualities[] = {4, 5, 8, 10, 15, 20, 30, 45, 60, 75, 85};
constexpr int kWebpQualities[] = {1, 2, 5, 10, 18, 30, 45, 65, 80, 88};

}  // namespace

absl::StatusOr<vision::PictureFormat> ParseBaselineName(std::string_view name) {
  if (name == "jpeg") return vision::PictureFormat::kJpeg;
  if (name == "webp") return vision::PictureFormat::kWebp;
  return absl::InvalidArgumentError(absl::StrCat(
      "baseline: expected jpeg or webp, found \"", std::string(name), "\""));
}

std::string BaselineName(vision::PictureFormat format) {
  return format == vision::PictureFormat::kWebp ? "webp" : "jpeg";
}

std::vector<PixelBaseline> BaselineSweep(vision::PictureFormat format) {
  std::vector<PixelBaseline> sweep;
  if (format == vision::PictureFormat::kWebp) {
    for (const int quality : kWebpQualities) sweep.push_back({format, quality});
  } else {
    for (const int quality : kJpegQualities) sweep.push_back({format, quality});
  }
  return sweep;
}

}  // namespace sluice::train
