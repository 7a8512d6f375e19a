#include "models/train/sets/index_png.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/train/index_png_testing.h"
#include "tests/train/train_testing.h"
#include "tests/vision/picture_files.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

constexpr int kWidth = 11;
constexpr int kHeight = 7;

// Every value of so many bits, in an order of no meaning.
std::vector<uint8_t> Values(int bit_depth) {
  std::vector<uint8_t> values;
  for (int i = 0; i < kWidth * kHeight; ++i) {
    values.push_back(static_cast<uint8_t>((i * 29 + 5) % (1 << bit_depth)));
  }
  return values;
}

TEST(DecodeIndexPngTest, StoredValuesComeOutWhateverTheirColours) {
  for (const PngColour colour : {PngColour::kGrey, PngColour::kPalette}) {
    for (const int bit_depth : {1, 2, 4, 8}) {
      for (const bool is_interlaced : {false, true}) {
        const std::vector<uint8_t> values = Values(bit_depth);
        const auto mask = DecodeIndexPng(MakePng(
            kWidth, kHeight, values, {colour, bit_depth, is_interlaced}));
        ASSERT_TRUE(mask.ok()) << mask.status();
        EXPECT_EQ(mask->size, (vision::Size{kWidth, kHeight}));
        EXPECT_EQ(mask->classes, values) << bit_depth << " bits";
      }
    }
  }
}

// The message of decoding `png`, which has to be refused.
std::string DecodeError(const std::vector<uint8_t>& png) {
  const auto mask = DecodeIndexPng(png);
  EXPECT_EQ(mask.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(mask.status().message());
}

TEST(DecodeIndexPngTest, ColoursAreRefused) {
  EXPECT_THAT(DecodeError(MakeRedPng(4, 4)),
              HasSubstr("expected class indices, grey or palette of up to 8 "
                        "bits, found RGB of 8 bits"));
  EXPECT_THAT(DecodeError(MakePng(2, 1, {1, 255, 2, 255},
                                  {.colour = PngColour::kGreyAlpha})),
              HasSubstr("found grey with transparency"));
}

TEST(DecodeIndexPngTest, SixteenBitsAreRefused) {
  EXPECT_THAT(DecodeError(MakePng(2, 1, {0, 1, 0, 2}, {.bit_depth = 16})),
              HasSubstr("found grey of 16 bits"));
}

TEST(DecodeIndexPngTest, LossyFormatsAreRefused) {
  EXPECT_THAT(DecodeError(MakeJpeg(8, 8, 1)),
              HasSubstr("expected a PNG of class indices"));
}

TEST(DecodeIndexPngTest, WhatIsNoPictureIsRefused) {
  DecodeError({});
  DecodeError({'n', 'o', ' ', 'p', 'n', 'g'});
}

TEST(DecodeIndexPngTest, ARotatedMaskIsRefused) {
  const std::vector<uint8_t> png = MakePng(2, 1, {1, 2}, {});
  EXPECT_THAT(DecodeError(vision::WithExif(png, vision::PictureFormat::kPng,
                                           {2, 1}, vision::ExifOf(6, true))),
              HasSubstr("found orientation 6"));
}

TEST(DecodeIndexPngTest, EveryTruncationIsAnError) {
  const std::vector<uint8_t> png =
      MakePng(kWidth, kHeight, Values(4), {PngColour::kPalette, 4});
  for (size_t length = 0; length < png.size(); ++length) {
    EXPECT_FALSE(DecodeIndexPng({png.data(), length}).ok()) << length;
  }
}

TEST(DecodeIndexPngTest, AnyDamagedByteIsAnErrorOrHarmless) {
  const std::vector<uint8_t> values = Values(8);
  const std::vector<uint8_t> png =
      MakePng(kWidth, kHeight, values, {PngColour::kPalette, 8});
  for (size_t i = 0; i < png.size(); ++i) {
    std::vector<uint8_t> damaged = png;
    damaged[i] ^= 0x20;
    const auto mask = DecodeIndexPng(damaged);
    EXPECT_TRUE(!mask.ok() || mask->classes == values) << "byte " << i;
  }
}

}  // namespace
}  // namespace sluice::train
