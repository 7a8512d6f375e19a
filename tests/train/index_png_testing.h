// PNGs of chosen kinds for the tests of masks.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::train {

enum class PngColour { kGrey, kPalette, kGreyAlpha };
struct PngKind {
  PngColour colour = PngColour::kGrey;
  int bit_depth = 8;
  bool is_interlaced = false;
};

// `values` holds a byte per pixel and channel, row-major; two per 16-bit one.
// A palette's colours say nothing about their indices.
std::vector<uint8_t> MakePng(int width, int height, std::vector<uint8_t> values,
                             const PngKind& kind);

}  // namespace sluice::train
