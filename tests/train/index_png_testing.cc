#include "tests/train/index_png_testing.h"

#include <png.h>

#include <array>

#include "gtest/gtest.h"

namespace sluice::train {
namespace {

void Append(png_structp png, png_bytep bytes, size_t count) {
  auto* file = static_cast<std::vector<uint8_t>*>(png_get_io_ptr(png));
  file->insert(file->end(), bytes, bytes + count);
}

int ColourType(PngColour colour) {
  switch (colour) {
    case PngColour::kGrey:
      return PNG_COLOR_TYPE_GRAY;
    case PngColour::kPalette:
      return PNG_COLOR_TYPE_PALETTE;
    case PngColour::kGreyAlpha:
      return PNG_COLOR_TYPE_GRAY_ALPHA;
  }
  return PNG_COLOR_TYPE_GRAY;
}

}  // namespace

std::vector<uint8_t> MakePng(int width, int height, std::vector<uint8_t> values,
                             const PngKind& kind) {
  std::vector<uint8_t> file;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, &Append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width),
               static_cast<png_uint_32>(height), kind.bit_depth,
               ColourType(kind.colour),
               kind.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (kind.colour == PngColour::kPalette) {
    std::array<png_color, 256> palette;
    for (size_t i = 0; i < palette.size(); ++i) {
      const auto value = static_cast<png_byte>(37 * i + 101);
      palette[i] = {value, static_cast<png_byte>(~value), 7};
    }
    png_set_PLTE(png, info, palette.data(), 1 << kind.bit_depth);
  }
  png_write_info(png, info);
  png_set_packing(png);
  std::vector<png_bytep> rows;
  const size_t row_bytes = values.size() / static_cast<size_t>(height);
  EXPECT_EQ(row_bytes * static_cast<size_t>(height), values.size());
  for (int y = 0; y < height; ++y) {
    rows.push_back(values.data() + static_cast<size_t>(y) * row_bytes);
  }
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

}  // namespace sluice::train
