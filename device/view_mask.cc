#include "device/view_mask.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace sluice::device {
namespace {

constexpr int kOutside = -1;

// One side of everything between the view's mask and the source.
struct Side {
  int mask;
  int view;
  int source;
  double scale;
  double offset;
};

// Of the mask that covers the source.
int NumPixels(const Side& side) {
  const double pixels = side.mask * (side.source / (side.view * side.scale));
  return std::clamp(static_cast<int>(std::lround(pixels)), 1, side.source);
}

// The pixel of the view's mask below each pixel of the source's.
std::vector<int> PixelsBelow(const Side& side) {
  const int num_pixels = NumPixels(side);
  std::vector<int> below;
  for (int i = 0; i < num_pixels; ++i) {
    const double source = (i + 0.5) * side.source / num_pixels;
    const double view = (source - side.offset) / side.scale;
    const bool is_shown = view >= 0.0 && view < side.view;
    below.push_back(
        is_shown ? std::min(static_cast<int>(view * side.mask / side.view),
                            side.mask - 1)
                 : kOutside);
  }
  return below;
}

}  // namespace

task::Mask MaskToSource(const task::Mask& view,
                        const vision::Geometry& geometry) {
  const std::vector<int> x =
      PixelsBelow({view.size.width, geometry.valid.width, geometry.source.width,
                   geometry.scale_x, geometry.offset_x});
  const std::vector<int> y = PixelsBelow(
      {view.size.height, geometry.valid.height, geometry.source.height,
       geometry.scale_y, geometry.offset_y});
  task::Mask mask;
  mask.size = {static_cast<int>(x.size()), static_cast<int>(y.size())};
  mask.classes.reserve(x.size() * y.size());
  for (const int row : y) {
    for (const int column : x) {
      const bool is_shown = row != kOutside && column != kOutside;
      const size_t pixel = static_cast<size_t>(row) * view.size.width + column;
      mask.classes.push_back(is_shown ? view.classes[pixel] : task::kNoClass);
    }
  }
  return mask;
}

}  // namespace sluice::device
