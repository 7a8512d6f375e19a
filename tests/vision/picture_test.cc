#include "common/vision/picture.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/vision/picture_files.h"

namespace sluice::vision {
namespace {

using ::testing::HasSubstr;

// The quadrants in reading order, each as a letter: "RGBW" when upright.
std::string Layout(const Picture& picture) {
  const auto letter = [&picture](int quarter_x, int quarter_y) {
    const cv::Vec3b pixel = picture.bgr.at<cv::Vec3b>(
        picture.bgr.rows * quarter_y / 4, picture.bgr.cols * quarter_x / 4);
    const bool is_blue = pixel[0] > 128;
    const bool is_green = pixel[1] > 128;
    const bool is_red = pixel[2] > 128;
    if (is_blue && is_green && is_red) return 'W';
    return is_red ? 'R' : is_green ? 'G' : is_blue ? 'B' : '?';
  };
  return {letter(1, 1), letter(3, 1), letter(1, 3), letter(3, 3)};
}

Bytes Encoded(const cv::Mat& pixels, const char* extension,
              const std::vector<int>& parameters = {}) {
  Bytes file;
  EXPECT_TRUE(cv::imencode(extension, pixels, file, parameters));
  return file;
}

absl::StatusCode DecodeCode(std::span<const uint8_t> bytes) {
  return DecodePicture(bytes).status().code();
}

TEST(PictureTest, DecodesAllFormats) {
  for (const PictureFormat format : kFormats) {
    const Picture picture =
        DecodePicture(FileOf(Quadrants(48, 32), format)).value();
    EXPECT_EQ(picture.size(), (Size{48, 32}));
    EXPECT_EQ(picture.bgr.type(), CV_8UC3);
    EXPECT_EQ(Layout(picture), "RGBW");
  }
}

TEST(PictureTest, PngIsLossless) {
  const Picture original = Quadrants(13, 7);
  const Picture decoded =
      DecodePicture(FileOf(original, PictureFormat::kPng)).value();
  EXPECT_EQ(cv::norm(original.bgr, decoded.bgr, cv::NORM_INF), 0);
}

TEST(PictureTest, AppliesExifOrientationInAllFormats) {
  // What the stored quadrants RG/BW look like at orientations 1 to 8.
  const char* const layouts[] = {"RGBW", "GRWB", "WBGR", "BWRG",
                                 "RBGW", "BRWG", "WGBR", "GWRB"};
  const Size size{48, 32};
  for (const PictureFormat format : kFormats) {
    const Bytes file = FileOf(Quadrants(48, 32), format);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const Bytes rotated =
          WithExif(file, format, size, ExifOf(orientation, true));
      const Picture picture = DecodePicture(rotated).value();
      EXPECT_EQ(Layout(picture), layouts[orientation - 1]) << orientation;
      EXPECT_EQ(picture.size(), ProbePicture(rotated).value());
    }
  }
}

TEST(PictureTest, DamagedExifLeavesThePictureUsable) {
  const Bytes garbage = {'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 255, 255};
  const Bytes file = WithExif(FileOf(Quadrants(48, 32), PictureFormat::kJpeg),
                              PictureFormat::kJpeg, {48, 32}, garbage);
  EXPECT_EQ(Layout(DecodePicture(file).value()), "RGBW");
}

TEST(PictureTest, GreyBecomesBgr) {
  const cv::Mat grey(9, 12, CV_8UC1, cv::Scalar(77));
  const Picture picture = DecodePicture(Encoded(grey, ".png")).value();
  EXPECT_EQ(picture.bgr.at<cv::Vec3b>(4, 4), cv::Vec3b(77, 77, 77));
  EXPECT_EQ(DecodePicture(Encoded(grey, ".jpg")).value().bgr.type(), CV_8UC3);
}

TEST(PictureTest, SixteenBitsBecomeEight) {
  const cv::Mat deep(9, 12, CV_16UC3, cv::Scalar(0x1234, 0x8000, 0xFFFF));
  const Picture picture = DecodePicture(Encoded(deep, ".png")).value();
  EXPECT_EQ(picture.bgr.at<cv::Vec3b>(4, 4), cv::Vec3b(0x12, 0x80, 0xFF));
}

TEST(PictureTest, TransparencyIsDropped) {
  const cv::Mat glass(20, 20, CV_8UC4, cv::Scalar(10, 20, 30, 0));
  const Picture picture = DecodePicture(Encoded(glass, ".png")).value();
  EXPECT_EQ(picture.bgr.type(), CV_8UC3);
  EXPECT_EQ(picture.bgr.at<cv::Vec3b>(4, 4), cv::Vec3b(10, 20, 30));
}

TEST(PictureTest, LosslessWebpDecodes) {
  const Bytes file =
      Encoded(Quadrants(48, 32).bgr, ".webp", {cv::IMWRITE_WEBP_QUALITY, 101});
  EXPECT_EQ(Layout(DecodePicture(file).value()), "RGBW");
}

TEST(PictureTest, ProgressiveJpegDecodes) {
  const Bytes file =
      Encoded(Quadrants(48, 32).bgr, ".jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  EXPECT_EQ(Layout(DecodePicture(file).value()), "RGBW");
}

TEST(PictureTest, CmykJpegBecomesBgr) {
  // 8 x 8 pixels of C 0, M 200, Y 220, K 20 (Adobe, inverted), quality 90.
  const Bytes file = {
      0xff, 0xd8, 0xff, 0xee, 0x00, 0x0e, 0x41, 0x64, 0x6f, 0x62, 0x65, 0x00,
      0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x03,
      0x02, 0x02, 0x03, 0x02, 0x02, 0x03, 0x03, 0x03, 0x03, 0x04, 0x03, 0x03,
      0x04, 0x05, 0x08, 0x05, 0x05, 0x04, 0x04, 0x05, 0x0a, 0x07, 0x07, 0x06,
      0x08, 0x0c, 0x0a, 0x0c, 0x0c, 0x0b, 0x0a, 0x0b, 0x0b, 0x0d, 0x0e, 0x12,
      0x10, 0x0d, 0x0e, 0x11, 0x0e, 0x0b, 0x0b, 0x10, 0x16, 0x10, 0x11, 0x13,
      0x14, 0x15, 0x15, 0x15, 0x0c, 0x0f, 0x17, 0x18, 0x16, 0x14, 0x18, 0x12,
      0x14, 0x15, 0x14, 0xff, 0xc0, 0x00, 0x14, 0x08, 0x00, 0x08, 0x00, 0x08,
      0x04, 0x43, 0x11, 0x00, 0x4d, 0x11, 0x00, 0x59, 0x11, 0x00, 0x4b, 0x11,
      0x00, 0xff, 0xc4, 0x00, 0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x09,
      0xff, 0xc4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xda,
      0x00, 0x0e, 0x04, 0x43, 0x00, 0x4d, 0x00, 0x59, 0x00, 0x4b, 0x00, 0x00,
      0x3f, 0x00, 0xaa, 0x61, 0xe0, 0x0e, 0xa3, 0xaf, 0xff, 0xd9};
  const cv::Vec3b pixel = DecodePicture(file).value().bgr.at<cv::Vec3b>(4, 4);
  EXPECT_NEAR(pixel[2], 235, 3);
  EXPECT_NEAR(pixel[1], 51, 3);
  EXPECT_NEAR(pixel[0], 32, 3);
}

TEST(PictureTest, OnePixelWorksInAllFormats) {
  for (const PictureFormat format : kFormats) {
    const absl::StatusOr<Picture> picture =
        DecodePicture(FileOf(Quadrants(1, 1), format));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(picture->size(), (Size{1, 1}));
  }
}

TEST(PictureTest, FileCutAnywhereIsAnErrorAndNeverACrash) {
  for (const PictureFormat format : kFormats) {
    const Bytes file = FileOf(Quadrants(16, 16), format);
    for (size_t size = 0; size < file.size(); ++size) {
      EXPECT_FALSE(DecodePicture(std::span(file).first(size)).ok()) << size;
    }
  }
}

TEST(PictureTest, RandomDamageNeverCrashes) {
  std::mt19937 random(7);
  for (const PictureFormat format : kFormats) {
    const Bytes file = FileOf(Quadrants(16, 16), format);
    for (int round = 0; round < 300; ++round) {
      Bytes damaged = file;
      for (int i = 0; i < 4; ++i) {
        damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      }
      const absl::StatusOr<Picture> picture = DecodePicture(damaged);
      if (picture.ok()) {
        EXPECT_EQ(picture->bgr.type(), CV_8UC3);
      }
    }
  }
}

TEST(PictureTest, DamagedPngDataIsDataLoss) {
  Bytes file = FileOf(Quadrants(16, 16), PictureFormat::kPng);
  file[file.size() - 20] ^= 0x10;  // Within IDAT.
  EXPECT_EQ(DecodeCode(file), absl::StatusCode::kDataLoss);
}

TEST(PictureTest, PngThatDeclaresMoreRowsThanItHoldsIsDataLoss) {
  const Bytes file =
      WithDeclaredSize(FileOf(Quadrants(16, 16), PictureFormat::kPng),
                       PictureFormat::kPng, 16, 1600);
  EXPECT_EQ(DecodeCode(file), absl::StatusCode::kDataLoss);
}

TEST(PictureTest, HugeDeclaredSizeIsRefusedBeforeDecoding) {
  const Bytes file = FileOf(Quadrants(16, 16), PictureFormat::kJpeg);
  EXPECT_EQ(
      DecodeCode(WithDeclaredSize(file, PictureFormat::kJpeg, 65535, 65535)),
      absl::StatusCode::kResourceExhausted);
}

class PictureFileTest : public ::testing::Test {
 protected:
  // Reads a file of these bytes and returns the error.
  absl::Status ErrorOf(std::span<const uint8_t> bytes) {
    return ReadPicture(folder_.Write("a.jpg", bytes)).status();
  }

  const testing::ScratchFolder folder_;
};

TEST_F(PictureFileTest, ReadsAFile) {
  const Bytes file = FileOf(Quadrants(48, 32), PictureFormat::kJpeg);
  EXPECT_EQ(ErrorOf(file), absl::OkStatus());
}

TEST_F(PictureFileTest, MissingFileIsNotFoundAndNamed) {
  const absl::Status status = ReadPicture(folder_ / "none.jpg").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("none.jpg"));
}

TEST_F(PictureFileTest, FolderIsInvalid) {
  EXPECT_EQ(ReadPicture(folder_.path()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(PictureFileTest, EmptyFileIsInvalidAndNamed) {
  const absl::Status status = ErrorOf({});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.jpg"));
}

TEST_F(PictureFileTest, TextFileIsInvalidWhateverItsName) {
  EXPECT_EQ(ErrorOf(Bytes{'h', 'e', 'l', 'l', 'o', '\n'}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(EncodePictureTest, QualityChangesTheSize) {
  Picture noise{cv::Mat(64, 64, CV_8UC3)};
  cv::theRNG().state = 3;
  cv::randu(noise.bgr, 0, 256);
  for (const PictureFormat format :
       {PictureFormat::kJpeg, PictureFormat::kWebp}) {
    EXPECT_LT(EncodePicture(noise, format, 10)->size(),
              EncodePicture(noise, format, 90)->size());
  }
}

TEST(EncodePictureTest, QualityOutOfRangeIsInvalid) {
  for (const int quality : {-1, 0, 101}) {
    for (const PictureFormat format :
         {PictureFormat::kJpeg, PictureFormat::kWebp}) {
      EXPECT_EQ(EncodePicture(Quadrants(8, 8), format, quality).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
  }
  EXPECT_TRUE(EncodePicture(Quadrants(8, 8), PictureFormat::kPng, 0).ok());
}

TEST(EncodePictureTest, EmptyPictureIsInvalid) {
  EXPECT_EQ(EncodePicture({}, PictureFormat::kPng, 0).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(EncodePictureTest, PictureTooLargeForWebpIsAnError) {
  const Picture wide{cv::Mat(1, 16384, CV_8UC3, cv::Scalar::all(9))};
  EXPECT_FALSE(EncodePicture(wide, PictureFormat::kWebp, 50).ok());
}

}  // namespace
}  // namespace sluice::vision
