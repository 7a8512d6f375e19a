// One view per encode: how a picture becomes the network's input (DESIGN 6).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sluice::vision {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

// crop:N - short side to N, centre crop N x N; fit:WxH - scale to fit within.
struct ViewRule {
  enum class Kind { kCrop, kFit };
  Kind kind = Kind::kFit;
  Size size;  // N x N, or W x H.
};

// Parses "crop:224" or "fit:640x480". InvalidArgument says what was expected.
absl::StatusOr<ViewRule> ParseViewRule(std::string_view text);
std::string ToString(const ViewRule& rule);

// Where a view came from. Source pixel = view pixel * scale + offset, per axis,
// pixel centres at +0.5.
struct Geometry {
  Size source;        // After EXIF rotation.
  double scale_x = 1.0;  // Source pixels per view pixel.
  double scale_y = 1.0;
  double offset_x = 0.0;  // In source pixels.
  double offset_y = 0.0;
  Size valid;         // The view before padding.
  Size padded;        // What the network sees: multiples of pad_multiple.
};

// Returns InvalidArgument for an empty source or one beyond kMaxPictureSide,
// ResourceExhausted when the padded view exceeds kMaxViewSide.
inline constexpr int kMaxPictureSide = 16384;
inline constexpr size_t kMaxPicturePixels = 64u << 20;
inline constexpr int kMaxViewSide = 2048;
absl::StatusOr<Geometry> MakeGeometry(Size source, const ViewRule& rule,
                                      int pad_multiple);

}  // namespace sluice::vision
