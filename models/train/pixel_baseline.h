// The pixel codecs that a learned codec is measured against.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/picture.h"

namespace sluice::train {

struct PixelBaseline {
  vision::PictureFormat format = vision::PictureFormat::kJpeg;
  int quality = 0;
};

// "jpeg" or "webp"; InvalidArgument for other names.
absl::StatusOr<vision::PictureFormat> ParseBaselineName(std::string_view name);
std::string BaselineName(vision::PictureFormat format);

// Qualities, ascending, that span about 1.2 to 15 kB on photographs of 224 x
// 224 pixels.
std::vector<PixelBaseline> BaselineSweep(vision::PictureFormat format);

}  // namespace sluice::train
