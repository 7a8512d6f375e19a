#include "common/vision/picture_header.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/vision/picture_files.h"

namespace sluice::vision {
namespace {

using ::testing::HasSubstr;

Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

absl::StatusCode ProbeCode(std::span<const uint8_t> bytes) {
  return ProbePicture(bytes).status().code();
}

TEST(PictureHeaderTest, ReadsSizeAndFormat) {
  for (const PictureFormat format : kFormats) {
    const PictureHeader header =
        ReadPictureHeader(FileOf(Quadrants(47, 31), format)).value();
    EXPECT_EQ(header.format, format);
    EXPECT_EQ(header.stored, (Size{47, 31}));
    EXPECT_EQ(header.orientation, 1);
  }
}

TEST(PictureHeaderTest, ProbeGivesTheUprightSize) {
  const Size size{48, 32};
  for (const PictureFormat format : kFormats) {
    const Bytes file = FileOf(Quadrants(size.width, size.height), format);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const Bytes exif = ExifOf(orientation, orientation % 2 == 0);
      const Size expected = orientation <= 4 ? size : Size{32, 48};
      EXPECT_EQ(ProbePicture(WithExif(file, format, size, exif)).value(),
                expected);
    }
  }
}

TEST(PictureHeaderTest, FileCutAnywhereIsAnError) {
  for (const PictureFormat format : kFormats) {
    const Bytes file = FileOf(Quadrants(16, 16), format);
    for (size_t size = 0; size < file.size(); ++size) {
      const absl::StatusCode code = ProbeCode(std::span(file).first(size));
      // Too short for any signature is no picture; longer is a damaged one.
      EXPECT_EQ(code, size < 12 && code != absl::StatusCode::kDataLoss
                          ? absl::StatusCode::kInvalidArgument
                          : absl::StatusCode::kDataLoss)
          << size;
    }
  }
}

TEST(PictureHeaderTest, BytesAfterTheEndAreIgnored) {
  for (const PictureFormat format : kFormats) {
    Bytes file = FileOf(Quadrants(16, 16), format);
    file.insert(file.end(), 100, 0x55);
    EXPECT_TRUE(ProbePicture(file).ok());
  }
}

TEST(PictureHeaderTest, AnyFlippedBitIsHandled) {
  for (const PictureFormat format : kFormats) {
    Bytes file = FileOf(Quadrants(16, 16), format);
    for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
      file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      const absl::StatusOr<Size> size = ProbePicture(file);
      if (size.ok()) {
        EXPECT_LE(size->width, kMaxPictureSide);
        EXPECT_LE(size->height, kMaxPictureSide);
      }
      file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
  }
}

TEST(PictureHeaderTest, HugeDeclaredSizeIsResourceExhausted) {
  const Picture small = Quadrants(16, 16);
  for (const Size size : {Size{65535, 65535}, Size{16385, 1}, Size{1, 16385},
                          Size{16384, 16384}}) {
    for (const PictureFormat format :
         {PictureFormat::kJpeg, PictureFormat::kPng}) {
      EXPECT_EQ(ProbeCode(WithDeclaredSize(FileOf(small, format), format,
                                           size.width, size.height)),
                absl::StatusCode::kResourceExhausted);
    }
  }
  // WebP sides have 14 bits; only their product can be too large.
  EXPECT_EQ(ProbeCode(WithDeclaredSize(FileOf(small, PictureFormat::kWebp),
                                       PictureFormat::kWebp, 16383, 16383)),
            absl::StatusCode::kResourceExhausted);
}

TEST(PictureHeaderTest, LargestPngNumbersAreResourceExhausted) {
  EXPECT_EQ(
      ProbeCode(WithDeclaredSize(FileOf(Quadrants(16, 16), PictureFormat::kPng),
                                 PictureFormat::kPng, -1, -1)),
      absl::StatusCode::kResourceExhausted);
}

TEST(PictureHeaderTest, DeclaredSizeOfZeroIsInvalid) {
  for (const PictureFormat format : kFormats) {
    const Bytes file = FileOf(Quadrants(16, 16), format);
    EXPECT_EQ(ProbeCode(WithDeclaredSize(file, format, 0, 16)),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ProbeCode(WithDeclaredSize(file, format, 16, 0)),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(PictureHeaderTest, OtherBytesAreInvalidAndNamed) {
  const absl::Status status =
      ProbePicture(BytesOf("GIF89a is no format of ours")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("47 49 46 38 39 61"));
}

TEST(PictureHeaderTest, NoBytesAreInvalid) {
  const absl::Status status = ProbePicture({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("found 0 bytes"));
}

TEST(PictureHeaderTest, RiffFileOfAnotherKindIsInvalid) {
  EXPECT_EQ(ProbeCode(BytesOf("RIFF\x10___WAVEfmt ________")),
            absl::StatusCode::kInvalidArgument);
}

TEST(PictureHeaderTest, AnimatedWebpIsInvalid) {
  const Size size{16, 16};
  Bytes file = WithExif(FileOf(Quadrants(16, 16), PictureFormat::kWebp),
                        PictureFormat::kWebp, size, ExifOf(1, false));
  file[20] |= 0x02;  // The flags of VP8X.
  const absl::Status status = ProbePicture(file).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("animated"));
}

TEST(PictureHeaderTest, WebpCanvasThatContradictsItsPictureIsDataLoss) {
  const Bytes file = WithExif(FileOf(Quadrants(16, 16), PictureFormat::kWebp),
                              PictureFormat::kWebp, {17, 16}, ExifOf(1, false));
  EXPECT_EQ(ProbeCode(file), absl::StatusCode::kDataLoss);
}

TEST(PictureHeaderTest, WebpWithoutPictureIsDataLoss) {
  EXPECT_EQ(ProbeCode(BytesOf(std::string_view("RIFF\x04\0\0\0WEBP", 12))),
            absl::StatusCode::kDataLoss);
}

TEST(PictureHeaderTest, JpegWithoutAFrameHeaderIsDataLoss) {
  EXPECT_EQ(ProbeCode(Bytes{0xFF, 0xD8, 0xFF, 0xD9}),
            absl::StatusCode::kDataLoss);
}

TEST(PictureHeaderTest, JpegWithTwoFrameHeadersIsDataLoss) {
  const Bytes file = FileOf(Quadrants(16, 16), PictureFormat::kJpeg);
  Bytes twice = {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 9, 0, 9, 1, 1, 0x11, 0};
  twice.insert(twice.end(), file.begin() + 2, file.end());
  EXPECT_EQ(ProbeCode(twice), absl::StatusCode::kDataLoss);
}

TEST(PictureHeaderTest, JpegOfManyScansIsResourceExhausted) {
  Bytes file = FileOf(Quadrants(16, 16), PictureFormat::kJpeg);
  const Bytes empty_scan = {0xFF, 0xDA, 0, 2};
  for (int i = 0; i < 100; ++i) {
    file.insert(file.end() - 2, empty_scan.begin(), empty_scan.end());
  }
  EXPECT_EQ(ProbeCode(file), absl::StatusCode::kResourceExhausted);
}

TEST(PictureHeaderTest, ThumbnailInsideExifIsNotMistakenForThePicture) {
  Bytes exif = ExifOf(6, true);
  const Bytes thumbnail = FileOf(Quadrants(8, 8), PictureFormat::kJpeg);
  exif.insert(exif.end(), thumbnail.begin(), thumbnail.end());
  const Bytes file = WithExif(FileOf(Quadrants(48, 32), PictureFormat::kJpeg),
                              PictureFormat::kJpeg, {48, 32}, exif);
  EXPECT_EQ(ProbePicture(file).value(), (Size{32, 48}));
}

TEST(PictureHeaderTest, PngMustStartWithItsHeaderChunk) {
  Bytes file = FileOf(Quadrants(16, 16), PictureFormat::kPng);
  file[12] = 'X';
  EXPECT_EQ(ProbeCode(file), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace sluice::vision
