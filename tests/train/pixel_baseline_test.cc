#include "models/train/pixels/pixel_baseline.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using Kind = PixelCodec::Kind;

// Soft blobs with some grain: codecs treat it about like a photograph.
vision::Picture MakeView(int width, int height, uint64_t seed = 1) {
  cv::RNG random(seed);
  cv::Mat blobs((height + 15) / 16, (width + 15) / 16, CV_8UC3);
  random.fill(blobs, cv::RNG::UNIFORM, 0, 256);
  cv::Mat view;
  cv::resize(blobs, view, cv::Size(width, height), 0, 0, cv::INTER_CUBIC);
  cv::Mat grain(height, width, CV_8UC3);
  random.fill(grain, cv::RNG::UNIFORM, 0, 24);
  return {view + grain};
}

std::vector<PixelCodec> AllCodecs() {
  std::vector<PixelCodec> codecs;
  for (const std::string& name : PixelCodecNames()) {
    codecs.push_back(*ParsePixelCodec(name));
  }
  return codecs;
}

double Psnr(const vision::Picture& a, const vision::Picture& b) {
  return cv::PSNR(a.bgr, b.bgr);
}

// A number of the file's, big-endian.
size_t NumberAt(const std::vector<uint8_t>& file, size_t at, int num_bytes) {
  size_t value = 0;
  for (int i = 0; i < num_bytes; ++i) value = value << 8 | file[at + i];
  return value;
}

// Where the size of the first box of that type is.
size_t FindBox(const std::vector<uint8_t>& file, const std::string& type) {
  return std::string(file.begin(), file.end()).find(type) - 4;
}

TEST(PixelBaselineTest, EveryNameParsesToACodecOfItsOwn) {
  std::vector<std::string> display_names;
  for (const PixelCodec codec : AllCodecs()) {
    display_names.push_back(DisplayName(codec));
  }
  EXPECT_THAT(display_names,
              testing::ElementsAre("JPEG", "WebP", "HEIC", "AVIF", "PNG",
                                   "JPEG, half size", "WebP, half size"));
  EXPECT_EQ(DisplayName({Kind::kAvif, 4}), "AVIF, 1/4 size");
}

TEST(PixelBaselineTest, OtherNamesAreRefusedWithTheListOfNames) {
  for (const char* name :
       {"", "JPEG", "bpg", "jpeg,webp", "png-half", " png"}) {
    const absl::Status status = ParsePixelCodec(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(std::string("\"") + name + "\""));
    for (const std::string& known : PixelCodecNames()) {
      EXPECT_THAT(status.message(), HasSubstr(known));
    }
  }
}

TEST(PixelBaselineTest, SweepsAscendAndEveryQualityIsTaken) {
  const vision::Picture view = MakeView(32, 32);
  for (const PixelCodec codec : AllCodecs()) {
    const std::vector<int> sweep = QualitySweep(codec);
    ASSERT_FALSE(sweep.empty());
    for (size_t i = 1; i < sweep.size(); ++i) EXPECT_LT(sweep[i - 1], sweep[i]);
    for (const int quality : {sweep.front(), sweep.back()}) {
      EXPECT_TRUE(CodePicture(view, codec, quality).ok())
          << DisplayName(codec) << " " << quality;
    }
  }
}

TEST(PixelBaselineTest, BytesAndFidelityRiseWithQuality) {
  const vision::Picture view = MakeView(96, 64);
  for (const PixelCodec codec : AllCodecs()) {
    if (codec.kind == Kind::kPng) continue;
    size_t last_bytes = 0;
    double last_psnr = 0;
    for (const int quality : {5, 35, 70, 90}) {
      SCOPED_TRACE(DisplayName(codec) + " " + std::to_string(quality));
      const auto coded = CodePicture(view, codec, quality);
      ASSERT_TRUE(coded.ok()) << coded.status();
      const auto decoded = DecodeCoded(coded->file, codec, view.size());
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(decoded->size(), view.size());
      EXPECT_GT(coded->file.size(), last_bytes);
      EXPECT_GT(Psnr(view, *decoded), last_psnr);
      last_bytes = coded->file.size();
      last_psnr = Psnr(view, *decoded);
    }
    EXPECT_GT(last_psnr, 24) << DisplayName(codec);
  }
}

TEST(PixelBaselineTest, WebpGoesBelowQualityOne) {
  const vision::Picture view = MakeView(96, 64);
  const auto lowest = CodePicture(view, {Kind::kWebp}, 0);
  const auto low = CodePicture(view, {Kind::kWebp}, 1);
  ASSERT_TRUE(lowest.ok() && low.ok());
  EXPECT_LT(lowest->file.size(), low->file.size());
}

TEST(PixelBaselineTest, PngIsLossless) {
  const vision::Picture view = MakeView(37, 21);
  const auto coded = CodePicture(view, {Kind::kPng}, 0);
  ASSERT_TRUE(coded.ok()) << coded.status();
  const auto decoded = DecodeCoded(coded->file, {Kind::kPng}, view.size());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(cv::norm(view.bgr, decoded->bgr, cv::NORM_INF), 0);
}

TEST(PixelBaselineTest, OddAndTinySizesComeBackAsTheyWere) {
  for (const vision::Size size :
       {vision::Size{101, 67}, {64, 33}, {17, 1}, {1, 1}}) {
    const vision::Picture view = MakeView(size.width, size.height);
    for (const PixelCodec codec : AllCodecs()) {
      SCOPED_TRACE(DisplayName(codec) + ", " + std::to_string(size.width));
      const auto coded = CodePicture(view, codec, 80);
      ASSERT_TRUE(coded.ok()) << coded.status();
      const auto decoded = DecodeCoded(coded->file, codec, size);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(decoded->size(), size);
    }
  }
}

TEST(PixelBaselineTest, AViewWithinALargerPictureIsCodedAlone) {
  const vision::Picture whole = MakeView(90, 70);
  const vision::Picture window = {whole.bgr(cv::Rect(13, 7, 64, 48))};
  const vision::Picture copy = {window.bgr.clone()};
  for (const PixelCodec codec : AllCodecs()) {
    const auto coded = CodePicture(window, codec, 50);
    const auto expected = CodePicture(copy, codec, 50);
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_EQ(coded->file, expected->file) << DisplayName(codec);
  }
}

TEST(PixelBaselineTest, HeicContainerIsAllButDataAndParameterSets) {
  const auto coded = CodePicture(MakeView(96, 64), {Kind::kHeic}, 40);
  ASSERT_TRUE(coded.ok()) << coded.status();
  const std::vector<uint8_t>& file = coded->file;
  size_t coded_bytes = NumberAt(file, FindBox(file, "mdat"), 4) - 8;
  // Three arrays of one parameter set each, after 8 + 22 + 1 bytes.
  size_t at = FindBox(file, "hvcC") + 31;
  ASSERT_EQ(file[at - 1], 3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(NumberAt(file, at + 1, 2), 1u);
    coded_bytes += NumberAt(file, at + 3, 2);
    at += 5 + NumberAt(file, at + 3, 2);
  }
  EXPECT_EQ(coded->container_bytes, file.size() - coded_bytes);
  EXPECT_LT(coded->container_bytes, 400u);
}

TEST(PixelBaselineTest, AvifContainerIsAllButData) {
  const auto coded = CodePicture(MakeView(96, 64), {Kind::kAvif}, 40);
  ASSERT_TRUE(coded.ok()) << coded.status();
  const std::vector<uint8_t>& file = coded->file;
  const size_t coded_bytes = NumberAt(file, FindBox(file, "mdat"), 4) - 8;
  EXPECT_EQ(coded->container_bytes, file.size() - coded_bytes);
  EXPECT_LT(coded->container_bytes, 400u);
}

TEST(PixelBaselineTest, OtherCodecsHaveNoContainer) {
  for (const PixelCodec codec : AllCodecs()) {
    if (codec.kind == Kind::kHeic || codec.kind == Kind::kAvif) continue;
    const auto coded = CodePicture(MakeView(32, 32), codec, 40);
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_EQ(coded->container_bytes, 0u);
  }
}

TEST(PixelBaselineTest, ThreadsMakeTheSameFiles) {
  const vision::Picture view = MakeView(96, 64);
  for (const PixelCodec codec : AllCodecs()) {
    const auto expected = CodePicture(view, codec, 30);
    ASSERT_TRUE(expected.ok()) << expected.status();
    std::vector<absl::StatusOr<CodedPicture>> coded(4, CodedPicture());
    std::vector<std::thread> threads;
    for (auto& one : coded) {
      threads.emplace_back([&] { one = CodePicture(view, codec, 30); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& one : coded) {
      ASSERT_TRUE(one.ok()) << one.status();
      EXPECT_EQ(one->file, expected->file) << DisplayName(codec);
    }
  }
}

TEST(PixelBaselineTest, QualitiesOutOfRangeAreRefused) {
  const vision::Picture view = MakeView(32, 32);
  for (const PixelCodec codec : AllCodecs()) {
    if (codec.kind == Kind::kPng) continue;
    for (const int quality : {-1, 101}) {
      const absl::Status status = CodePicture(view, codec, quality).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(status.message(), HasSubstr(std::to_string(quality)));
      EXPECT_THAT(status.message(), HasSubstr("..100"));
    }
  }
  EXPECT_FALSE(CodePicture(view, {Kind::kJpeg}, 0).ok());
}

TEST(PixelBaselineTest, WhatIsNoViewIsRefused) {
  const vision::Picture grey = {cv::Mat::zeros(32, 32, CV_8UC1)};
  const vision::Picture wide = {cv::Mat::zeros(1, 2049, CV_8UC3)};
  for (const PixelCodec codec : AllCodecs()) {
    for (const vision::Picture& view : {vision::Picture(), grey, wide}) {
      const absl::Status status = CodePicture(view, codec, 50).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(status.message(), HasSubstr("8-bit BGR"));
    }
  }
  for (const int downscale : {-1, 0, 17}) {
    const PixelCodec codec = {Kind::kJpeg, downscale};
    EXPECT_FALSE(CodePicture(MakeView(32, 32), codec, 50).ok());
    EXPECT_FALSE(DecodeCoded({}, codec, {32, 32}).ok());
  }
}

TEST(PixelBaselineTest, AnotherSizeThanTheViewsIsDataLoss) {
  const vision::Picture view = MakeView(32, 48);
  for (const PixelCodec codec : AllCodecs()) {
    const auto coded = CodePicture(view, codec, 50);
    ASSERT_TRUE(coded.ok()) << coded.status();
    const absl::Status other =
        DecodeCoded(coded->file, codec, {48, 32}).status();
    EXPECT_EQ(other.code(), absl::StatusCode::kDataLoss) << other;
    EXPECT_THAT(other.message(), HasSubstr("expected a picture of"));
    for (const vision::Size size :
         {vision::Size{0, 0}, {32, 0}, {-32, 48}, {4096, 4096}}) {
      EXPECT_EQ(DecodeCoded(coded->file, codec, size).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST(PixelBaselineTest, FilesOfAnotherCodecAreRefused) {
  const vision::Picture view = MakeView(32, 32);
  for (const PixelCodec codec : AllCodecs()) {
    const auto coded = CodePicture(view, codec, 50);
    ASSERT_TRUE(coded.ok()) << coded.status();
    for (const PixelCodec other : AllCodecs()) {
      if (other.kind == codec.kind) continue;
      const absl::Status status =
          DecodeCoded(coded->file, other, view.size()).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
          << DisplayName(codec) << " as " << DisplayName(other) << status;
    }
  }
}

TEST(PixelBaselineTest, DamagedFilesAreErrors) {
  const vision::Picture view = MakeView(64, 64);
  for (const PixelCodec codec : AllCodecs()) {
    SCOPED_TRACE(DisplayName(codec));
    const auto coded = CodePicture(view, codec, 50);
    ASSERT_TRUE(coded.ok()) << coded.status();
    std::vector<uint8_t> file = coded->file;
    EXPECT_FALSE(DecodeCoded({}, codec, view.size()).ok());
    file.resize(file.size() * 2 / 3);
    EXPECT_FALSE(DecodeCoded(file, codec, view.size()).ok());
    file.assign(200, 0x5A);
    EXPECT_FALSE(DecodeCoded(file, codec, view.size()).ok());
  }
}

TEST(PixelBaselineTest, AnyByteOfAHeifFileMayChangeWithoutHarm) {
  const vision::Picture view = MakeView(32, 32);
  for (const Kind kind : {Kind::kHeic, Kind::kAvif}) {
    const auto coded = CodePicture(view, {kind}, 20);
    ASSERT_TRUE(coded.ok()) << coded.status();
    cv::RNG random(7);
    for (size_t at = 0; at < coded->file.size(); ++at) {
      std::vector<uint8_t> file = coded->file;
      file[at] = static_cast<uint8_t>(random.uniform(0, 256));
      const auto decoded = DecodeCoded(file, {kind}, view.size());
      if (decoded.ok()) {
        EXPECT_EQ(decoded->size(), view.size()) << at;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::train
