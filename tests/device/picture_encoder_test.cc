#include "device/picture_encoder.h"

#include <limits>
#include <random>

#include "common/codec/frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"

namespace sluice::device {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kNumRates = 16;
constexpr int kTopRate = kNumRates - 1;

// MakeCodec() with sixteen rates: half of the codes are zero's, the rest is
// everybody's.
artifact::CodecArtifact MakeCodecOfManyRates() {
  artifact::CodecArtifact codec = MakeCodec();
  std::vector<codec::ChannelTable> tables;
  for (int rate = 0; rate < kNumRates; ++rate) {
    const int reach = 1 + rate * (rate + 1) / 2;
    std::vector<uint32_t> cdf = {0};
    for (int symbol = -reach; symbol <= reach; ++symbol) {
      cdf.push_back(cdf.back() + (symbol == 0 ? 2048 : 1024 / reach));
    }
    cdf.push_back(4096);  // 1 code or more for the escape.
    if (cdf[cdf.size() - 2] == 4096) --cdf[cdf.size() - 2];
    for (int c = 0; c < codec.spec.latent_channels; ++c) {
      tables.push_back(
          {.gain = static_cast<float>(reach),
           .inverse_gain = 1.0f / static_cast<float>(reach),
           .median = 0.0f,
           .cdf = codec::QuantizedCdf::Create(cdf, -reach).value()});
    }
  }
  codec.spec.num_rates = kNumRates;
  codec.tables = codec::CodecTables::Create(
                     kNumRates, codec.spec.latent_channels, std::move(tables))
                     .value();
  return codec;
}

vision::Picture GreyPicture() {
  return {cv::Mat(96, 96, CV_8UC3, cv::Scalar(128, 128, 128))};
}

// Of blocks of 8 x 8, which the encoder takes the mean of.
vision::Picture NoisyPicture() {
  std::mt19937 random(1);
  const auto level = [&random] { return static_cast<double>(random() % 256); };
  cv::Mat bgr(96, 96, CV_8UC3);
  for (int block = 0; block < 144; ++block) {
    bgr(cv::Rect(block % 12 * 8, block / 12 * 8, 8, 8)) =
        cv::Scalar(level(), level(), level());
  }
  return {bgr};
}

class PictureEncoderTest : public ::testing::Test {
 protected:
  PictureEncoderTest() {
    options_.view = vision::ParseViewRule("fit:96x96").value();
    options_.rate = kTopRate;
  }

  absl::StatusOr<v1::InferRequest> Encode(const vision::Picture& picture) {
    const PictureEncoder encoder(options_, &codec_, &network_);
    report_ = {};
    auto prepared = encoder.Prepare(picture, &report_);
    if (!prepared.ok()) return prepared.status();
    return encoder.Encode(*prepared, &report_);
  }

  // Of the uncapped frame.
  size_t FrameBytes(const vision::Picture& picture, int rate) {
    EncodingOptions capped = options_;
    options_.rate = rate;
    options_.max_bytes.reset();
    EXPECT_TRUE(Encode(picture).ok());
    options_ = capped;
    return report_.frame_bytes;
  }

  artifact::CodecArtifact codec_ = MakeCodecOfManyRates();
  BlockMeanEncoder network_;
  EncodingOptions options_;
  PictureReport report_;
};

TEST_F(PictureEncoderTest, EveryRateIsSentAndReported) {
  size_t last_bytes = 0;
  for (int rate = 0; rate < kNumRates; ++rate) {
    options_.rate = rate;
    const auto request = Encode(NoisyPicture());
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(report_.rate, rate);
    EXPECT_EQ(report_.frame_bytes, request->frame().size());
    EXPECT_GT(report_.frame_bytes, last_bytes);
    EXPECT_EQ(request->frame()[8], rate);
    last_bytes = report_.frame_bytes;
  }
}

TEST_F(PictureEncoderTest, CapTakesTheHighestRateThatFitsEachPicture) {
  for (int rate = 0; rate < kNumRates; ++rate) {
    options_.max_bytes = FrameBytes(NoisyPicture(), rate);
    const auto request = Encode(NoisyPicture());
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(report_.rate, rate);
    EXPECT_EQ(report_.frame_bytes, request->frame().size());
    EXPECT_LE(request->frame().size(), *options_.max_bytes);
    ASSERT_TRUE(Encode(GreyPicture()).ok());
    EXPECT_EQ(report_.rate, kTopRate);
  }
}

TEST_F(PictureEncoderTest, CapKeepsBelowTheRateToo) {
  options_.max_bytes = 1 << 20;
  options_.rate = 5;
  ASSERT_TRUE(Encode(NoisyPicture()).ok());
  EXPECT_EQ(report_.rate, 5);
}

TEST_F(PictureEncoderTest, PictureThatFitsAtNoRateNamesTheFlagAndTheSize) {
  options_.max_bytes = FrameBytes(NoisyPicture(), 0) - 1;
  const auto request = Encode(NoisyPicture());
  EXPECT_EQ(request.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(request.status().message()),
              AllOf(HasSubstr("--max-bytes"), HasSubstr("rate 0")));
  EXPECT_TRUE(Encode(GreyPicture()).ok());
}

TEST_F(PictureEncoderTest, CapThatNothingFitsIntoDoesNotKeepFromStarting) {
  options_.max_bytes = 1;
  EXPECT_TRUE(PictureEncoder(options_, &codec_, &network_).WarmUp().ok());
}

TEST_F(PictureEncoderTest, RateThatTheCodecHasNotIsInvalid) {
  for (const std::optional<size_t> cap : {std::optional<size_t>(), {5000}}) {
    for (const int rate : {-1, kNumRates}) {
      options_.max_bytes = cap;
      options_.rate = rate;
      EXPECT_EQ(Encode(GreyPicture()).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST_F(PictureEncoderTest, LatentThatIsNoneIsNotTakenForTooLarge) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(
      LatentToFrame({{3, 1, 1}, {0, nan, 0}}, codec_, 0, 1000).status().code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(LatentToFrame({{4}, {0, 0, 0, 0}}, codec_, 0, 1000).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace sluice::device
