// Masks as PNG and as run lengths.
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "common/task/segmentation.h"
#include "common/vision/picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::task {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vision::Size;

// Rectangles of every class, with the stripes that PNG filters like least.
Mask Patchwork(Size size) {
  Mask mask{size, {}};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int k = x < size.width / 2 ? x / 5 + 16 * (y / 7) : (x + y) * 37;
      mask.classes.push_back(static_cast<uint8_t>(k));
    }
  }
  return mask;
}

TEST(PngTest, RoundTrips) {
  for (const Size size :
       {Size{1, 1}, Size{1, 300}, Size{300, 1}, Size{97, 61}, Size{480, 360}}) {
    const Mask mask = Patchwork(size);
    const std::vector<uint8_t> png = EncodePng(mask).value();
    const Mask decoded = DecodePng(png).value();
    EXPECT_EQ(decoded.size, size);
    EXPECT_EQ(decoded.classes, mask.classes);
  }
}

TEST(PngTest, IsEightBitGrey) {
  const std::vector<uint8_t> png = EncodePng(Patchwork({97, 61})).value();
  EXPECT_EQ(vision::ProbePicture(png).value(), (Size{97, 61}));
  EXPECT_EQ(png[24], 8);
  EXPECT_EQ(png[25], 0);
}

TEST(PngTest, MaskMustHoldWhatItsSizeSays) {
  for (const Mask& mask :
       {Mask{}, Mask{{2, 2}, {1, 2, 3}}, Mask{{2, 2}, {1, 2, 3, 4, 5}},
        Mask{{0, 2}, {}}, Mask{{-1, -1}, {1}}}) {
    EXPECT_EQ(EncodePng(mask).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(
      EncodePng({{16385, 1}, std::vector<uint8_t>(16385)}).status().code(),
      absl::StatusCode::kResourceExhausted);
}

std::vector<uint8_t> Encode(const char* extension, const cv::Mat& picture,
                            const std::vector<int>& parameters = {}) {
  std::vector<uint8_t> bytes;
  cv::imencode(extension, picture, bytes, parameters);
  return bytes;
}

TEST(PngTest, OtherKindsOfPictureAreInvalid) {
  const cv::Mat grey(9, 9, CV_8UC1, cv::Scalar(1));
  const cv::Mat deep(9, 9, CV_16UC1, cv::Scalar(1));
  const cv::Mat colour(9, 9, CV_8UC3, cv::Scalar::all(1));
  const cv::Mat clear(9, 9, CV_8UC4, cv::Scalar::all(1));
  for (const std::vector<uint8_t>& bytes :
       {Encode(".png", deep), Encode(".png", colour), Encode(".png", clear),
        // One bit per pixel: classes would come back as 0 and 255.
        Encode(".png", grey, {cv::IMWRITE_PNG_BILEVEL, 1}),
        Encode(".jpg", grey), Encode(".webp", colour), std::vector<uint8_t>(),
        std::vector<uint8_t>(100, 7)}) {
    const absl::Status status = DecodePng(bytes).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("expected"));
  }
}

TEST(PngTest, TruncatedFileIsAnError) {
  const std::vector<uint8_t> png = EncodePng(Patchwork({97, 61})).value();
  for (size_t length = 8; length < png.size(); length += 13) {
    EXPECT_EQ(DecodePng(std::span(png).first(length)).status().code(),
              absl::StatusCode::kDataLoss)
        << length;
  }
}

TEST(PngTest, DamagedPixelsAreDataLoss) {
  std::vector<uint8_t> png = EncodePng(Patchwork({97, 61})).value();
  png[png.size() / 2] ^= 0x10;
  EXPECT_EQ(DecodePng(png).status().code(), absl::StatusCode::kDataLoss);
}

TEST(PngTest, DeclaredSizeIsBoundedBeforeAnythingIsAllocated) {
  std::vector<uint8_t> png = EncodePng(Patchwork({9, 9})).value();
  png[16] = 0x7F;  // The first byte of the width.
  EXPECT_EQ(DecodePng(png).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(RunsTest, RunsGoOnFromRowToRow) {
  const Mask mask{{3, 2}, {4, 4, 7, 7, 7, 255}};
  const RunLengths runs = EncodeRuns(mask);
  EXPECT_THAT(runs.classes, ElementsAre(4, 7, 255));
  EXPECT_THAT(runs.lengths, ElementsAre(2, 3, 1));
}

TEST(RunsTest, RoundTrips) {
  for (const Size size : {Size{1, 1}, Size{1, 300}, Size{97, 61}}) {
    const Mask mask = Patchwork(size);
    const Mask decoded = DecodeRuns(EncodeRuns(mask), size).value();
    EXPECT_EQ(decoded.size, size);
    EXPECT_EQ(decoded.classes, mask.classes);
  }
}

TEST(RunsTest, EmptyMaskHasNoRuns) {
  EXPECT_THAT(EncodeRuns({}).classes, IsEmpty());
  EXPECT_THAT(EncodeRuns({}).lengths, IsEmpty());
}

TEST(RunsTest, RunsMustFillTheMaskExactly) {
  constexpr uint32_t kMax = std::numeric_limits<uint32_t>::max();
  for (const RunLengths& runs :
       {RunLengths{}, RunLengths{{1}, {5}}, RunLengths{{1}, {7}},
        RunLengths{{1, 2}, {6, 1}}, RunLengths{{1, 2}, {kMax, 7}},
        RunLengths{{1}, {kMax}}}) {
    const absl::Status status = DecodeRuns(runs, {3, 2}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("3 x 2"));
  }
}

TEST(RunsTest, EveryClassNeedsALength) {
  EXPECT_EQ(DecodeRuns({{1, 2}, {6}}, {3, 2}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DecodeRuns({{1}, {3, 3}}, {3, 2}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RunsTest, ClassMustFitAByte) {
  const absl::Status status = DecodeRuns({{1, 256}, {5, 1}}, {3, 2}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("found 256"));
  EXPECT_TRUE(DecodeRuns({{255}, {6}}, {3, 2}).ok());
}

TEST(RunsTest, DeclaredSizeIsBoundedBeforeAnythingIsAllocated) {
  for (const Size size : {Size{0, 2}, Size{2, 0}, Size{-3, -2}}) {
    EXPECT_EQ(DecodeRuns({{1}, {6}}, size).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const Size size : {Size{16385, 1}, Size{16384, 16384}}) {
    EXPECT_EQ(DecodeRuns({{1}, {1u << 28}}, size).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace sluice::task
