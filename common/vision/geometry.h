// One view per encode: how a picture becomes the network's input (DESIGN 6).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sluice::vision {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

inline constexpr int kMaxPictureSide = 16384;
inline constexpr size_t kMaxPicturePixels = 64u << 20;
inline constexpr int kMaxViewSide = 2048;

// crop:N    short side to N, then the centre N x N.
// crop:N/M  short side to M >= N, then the centre N x N. "crop:224/256" is the
//           usual ImageNet protocol; "crop:224/227" of a 227 x 227 picture
//           takes its centre without resampling.
// fit:WxH   scaled down or up to fit within W x H, nothing cut off.
struct ViewRule {
  enum class Kind { kCrop, kFit };
  Kind kind = Kind::kFit;
  Size size;                  // N x N, or W x H.
  int resize_short_side = 0;  // M of kCrop; 0 stands for N.
  bool operator==(const ViewRule&) const = default;
};

// Parses the three forms above. InvalidArgument unless the sides of the view
// are 1..kMaxViewSide and M is N..kMaxPictureSide.
absl::StatusOr<ViewRule> ParseViewRule(std::string_view text);
std::string ToString(const ViewRule& rule);

// Where a view came from. Source pixel = view pixel * scale + offset, per axis,
// pixel centres at +0.5: the corners (0, 0) and (width, height) of a whole
// picture map onto each other.
struct Geometry {
  Size source;           // After EXIF rotation.
  double scale_x = 1.0;  // Source pixels per view pixel.
  double scale_y = 1.0;
  double offset_x = 0.0;  // In source pixels.
  double offset_y = 0.0;
  Size valid;   // The view before padding.
  Size padded;  // What the network sees: multiples of pad_multiple.
};

// Sides after resizing are rounded to the nearest pixel, at least 1; a centre
// crop starts at floor((side - N) / 2). Padding is right and bottom.
// Returns InvalidArgument for an empty source, one beyond kMaxPictureSide, a
// malformed rule or pad_multiple < 1; ResourceExhausted when the padded view
// exceeds kMaxViewSide.
absl::StatusOr<Geometry> MakeGeometry(Size source, const ViewRule& rule,
                                      int pad_multiple);

}  // namespace sluice::vision
