#include "common/vision/exif.h"

#include <vector>

#include "gtest/gtest.h"
#include "tests/vision/picture_files.h"

namespace sluice::vision {
namespace {

TEST(ExifTest, ReadsBothByteOrders) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(ExifOrientation(ExifOf(orientation, false)), orientation);
    EXPECT_EQ(ExifOrientation(ExifOf(orientation, true)), orientation);
  }
}

TEST(ExifTest, PrefixIsOptional) {
  const std::vector<uint8_t> exif = ExifOf(6, true);
  EXPECT_EQ(ExifOrientation(std::span(exif).subspan(6)), 6);
}

TEST(ExifTest, NothingIsUpright) { EXPECT_EQ(ExifOrientation({}), 1); }

TEST(ExifTest, UnknownOrientationIsUpright) {
  EXPECT_EQ(ExifOrientation(ExifOf(0, false)), 1);
  EXPECT_EQ(ExifOrientation(ExifOf(9, false)), 1);
  EXPECT_EQ(ExifOrientation(ExifOf(65535, true)), 1);
}

TEST(ExifTest, MetadataCutAnywhereBeforeTheTagIsUpright) {
  const std::vector<uint8_t> exif = ExifOf(8, false);
  constexpr size_t kEndOfValue = 6 + 8 + 2 + 10;
  for (size_t size = 0; size < kEndOfValue; ++size) {
    EXPECT_EQ(ExifOrientation(std::span(exif).first(size)), 1) << size;
  }
}

TEST(ExifTest, DirectoryOutsideTheMetadataIsUpright) {
  std::vector<uint8_t> exif = ExifOf(8, false);
  for (size_t i = 10; i < 14; ++i) exif[i] = 0xFF;
  EXPECT_EQ(ExifOrientation(exif), 1);
}

TEST(ExifTest, AnotherTypeThanShortIsUpright) {
  std::vector<uint8_t> exif = ExifOf(8, false);
  exif[18] = 4;
  EXPECT_EQ(ExifOrientation(exif), 1);
}

TEST(ExifTest, AnotherMagicThanTiffIsUpright) {
  std::vector<uint8_t> exif = ExifOf(8, false);
  exif[8] = 43;
  EXPECT_EQ(ExifOrientation(exif), 1);
}

}  // namespace
}  // namespace sluice::vision
