// The family of the research line: sc2-benchmark's encoder behind our seam.
#include "common/model/entropic_student.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <random>

#include "common/codec/entropy_coder.h"
#include "common/codec/frame.h"
#include "common/model/decoder_network.h"
#include "common/model/encoder.h"
#include "common/model/entropic_decoder.h"
#include "common/model/entropic_encoder.h"
#include "common/model/tail.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::model {
namespace {

using ::testing::HasSubstr;

base::FloatTensor RandomPicture(int height, int width) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> value(-1, 1);
  base::FloatTensor picture{.shape = {3, height, width}, .values = {}};
  picture.values.resize(base::NumElements(picture.shape));
  for (float& v : picture.values) v = value(random);
  return picture;
}

int64_t NumValues(const Weights& weights) {
  int64_t sum = 0;
  for (const auto& [name, weight] : weights) sum += weight.numel();
  return sum;
}

TEST(EntropicEncoderTest, SizeAndWorkAreSc2s) {
  const EntropicStudentShape shape;
  const Weights weights =
      InitEntropicEncoder(shape, at::detail::createCPUGenerator(1));
  EXPECT_EQ(NumValues(weights), 138672);
  const auto encoder = EntropicEncoder::Create(shape, weights);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_NEAR(encoder->Macs(224, 224) / 1e6, 588, 1);
}

TEST(EntropicEncoderTest, KeysAndShapesAreThoseOfItsStateDict) {
  const Weights weights = WithPrefix(
      InitEntropicEncoder({}, at::detail::createCPUGenerator(1)), "encoder.");
  const std::map<std::string, std::vector<int64_t>> expected = {
      {"encoder.0.weight", {96, 3, 5, 5}},
      {"encoder.1.beta", {96}},
      {"encoder.1.gamma", {96, 96}},
      {"encoder.2.weight", {48, 96, 5, 5}},
      {"encoder.3.beta", {48}},
      {"encoder.3.gamma", {48, 48}},
      {"encoder.4.weight", {24, 48, 2, 2}},
  };
  std::map<std::string, std::vector<int64_t>> found;
  for (const auto& [name, weight] : weights) {
    found[name] = weight.sizes().vec();
  }
  EXPECT_EQ(found, expected);
}

TEST(EntropicEncoderTest, LayersAreConvolutionsDividedByTheirNorms) {
  const EntropicStudentShape shape = {.latent_channels = 2};
  const Weights weights =
      InitEntropicEncoder(shape, at::detail::createCPUGenerator(4));
  const auto encoder = EntropicEncoder::Create(shape, weights);
  ASSERT_TRUE(encoder.ok());
  const at::Tensor x = at::ones({1, 3, 32, 64});
  // Fresh norms are half |x| and half its mean over channels, beside 1; the
  // pictures' black is 0.
  const auto divide = [](const at::Tensor& t) {
    return t / (1 + 0.5 * (t.abs() + t.abs().mean(1, true)));
  };
  const at::Tensor one =
      divide(at::conv2d(x + 1, weights.at("0.weight"), {}, 2, 2));
  const at::Tensor two =
      divide(at::conv2d(one, weights.at("2.weight"), {}, 2, 2));
  const at::Tensor expected = at::conv2d(two, weights.at("4.weight"));
  EXPECT_TRUE(at::allclose((*encoder)(x), expected, 1e-3, 1e-4));
}

TEST(EntropicDecoderTest, WorkIsAboutThePatchDecoders) {
  const EntropicStudentShape shape;
  const auto decoder = EntropicDecoder::Create(
      shape, InitEntropicDecoder(shape, at::detail::createCPUGenerator(1)));
  ASSERT_TRUE(decoder.ok()) << decoder.status();
  EXPECT_NEAR(decoder->Macs(55, 55) / 1e6, 262, 1);
}

TEST(EntropicDecoderTest, EveryLatentPositionReachesTheFeatures) {
  const EntropicStudentShape shape = {.latent_channels = 1, .decoder_width = 4};
  const auto decoder = EntropicDecoder::Create(
      shape, InitEntropicDecoder(shape, at::detail::createCPUGenerator(1)));
  ASSERT_TRUE(decoder.ok());
  at::Tensor y_hat = at::ones({1, 1, 7, 15});
  y_hat.requires_grad_(true);
  (*decoder)(y_hat, at::zeros({1}, at::kLong)).square().sum().backward();
  EXPECT_TRUE((y_hat.grad() != 0).all().item<bool>());
}

class EntropicStudentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto id = testing::WriteStudentCodec(folder_ / "codec", 1);
    ASSERT_TRUE(id.ok()) << id.status();
  }

  artifact::CodecArtifact Codec() {
    auto codec =
        artifact::LoadCodec(folder_ / "codec", artifact::CodecHalf::kBoth);
    EXPECT_TRUE(codec.ok()) << codec.status();
    return *std::move(codec);
  }

  const testing::ScratchFolder folder_;
};

TEST_F(EntropicStudentTest, LatentSidesAreAQuarterLessOne) {
  const artifact::CodecArtifact codec = Codec();
  const auto encoder = LoadEncoder(codec, 1);
  const auto decoder = LoadFeatureDecoder(codec);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  ASSERT_TRUE(decoder.ok()) << decoder.status();
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{
           {32, 32}, {224, 224}, {96, 160}, {32, 416}}) {
    const auto latent = (*encoder)->Encode(RandomPicture(height, width));
    ASSERT_TRUE(latent.ok()) << latent.status();
    EXPECT_EQ(latent->shape,
              (std::vector<int64_t>{24, height / 4 - 1, width / 4 - 1}));
    EXPECT_EQ(artifact::LatentSide(codec.spec, height), height / 4 - 1);
    EXPECT_EQ(artifact::InputSide(codec.spec, width / 4 - 1), width);
    base::FloatTensor batch = *latent;
    batch.shape.insert(batch.shape.begin(), 1);
    const int rate = 0;
    const auto features = (*decoder)->Decode(batch, {&rate, 1});
    ASSERT_TRUE(features.ok()) << features.status();
    EXPECT_EQ(features->shape,
              (std::vector<int64_t>{1, 32, height / 8, width / 8}));
  }
}

TEST_F(EntropicStudentTest, PictureSurvivesTheWayThroughAFrame) {
  const artifact::CodecArtifact codec = Codec();
  const auto encoder = LoadEncoder(codec, 1);
  const auto decoder = LoadFeatureDecoder(codec);
  ASSERT_TRUE(encoder.ok() && decoder.ok());
  const auto latent = (*encoder)->Encode(RandomPicture(64, 96));
  ASSERT_TRUE(latent.ok());
  const sluice::codec::LatentShape shape = {24, 15, 23};
  const auto bytes = sluice::codec::EncodeFrame(
      latent->values, shape, codec.tables, codec.short_id, /*rate=*/0);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto decoded =
      sluice::codec::DecodeFrame(*bytes, codec.tables, codec.short_id);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->shape, shape);
  for (size_t i = 0; i < latent->values.size(); ++i) {
    ASSERT_NEAR(decoded->y_hat[i], latent->values[i], 0.5f + 1e-4f);
  }
  const base::FloatTensor y_hat = {.shape = {1, 24, 15, 23},
                                   .values = decoded->y_hat};
  const int rate = 0;
  const auto features = (*decoder)->Decode(y_hat, {&rate, 1});
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(features->shape, (std::vector<int64_t>{1, 32, 8, 12}));
}

TEST_F(EntropicStudentTest, LatentOfNoPictureIsRefused) {
  const artifact::CodecArtifact codec = Codec();
  const auto decoder = LoadFeatureDecoder(codec);
  ASSERT_TRUE(decoder.ok());
  const int rate = 0;
  for (const int side : {1, 6, 8}) {
    base::FloatTensor y_hat = {.shape = {1, 24, 7, side}, .values = {}};
    y_hat.values.resize(base::NumElements(y_hat.shape));
    const auto features = (*decoder)->Decode(y_hat, {&rate, 1});
    EXPECT_EQ(features.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(features.status().message()),
                HasSubstr(absl::StrCat("latent of 7 x ", side)));
  }
}

TEST_F(EntropicStudentTest, SecondRateIsRefused) {
  artifact::CodecArtifact codec = Codec();
  codec.spec.num_rates = 2;
  EXPECT_THAT(std::string(LoadEncoder(codec, 1).status().message()),
              HasSubstr("rates.count"));
}

TEST_F(EntropicStudentTest, GeometryOfAnotherFamilyIsRefused) {
  artifact::CodecArtifact codec = Codec();
  codec.spec.latent_trim = 0;
  const auto encoder = LoadEncoder(codec, 1);
  EXPECT_EQ(encoder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(encoder.status().message()),
              HasSubstr("latent_trim 1"));
}

TEST_F(EntropicStudentTest, DecoderWithoutAWidthNamesTheField) {
  artifact::CodecArtifact codec = Codec();
  codec.spec.decoder = nlohmann::json::object();
  EXPECT_THAT(std::string(LoadFeatureDecoder(codec).status().message()),
              HasSubstr("canonical.decoder.width"));
}

TEST_F(EntropicStudentTest, MissingNormWeightIsNamed) {
  artifact::CodecArtifact codec = Codec();
  codec.encoder.erase("1.gamma");
  EXPECT_THAT(std::string(LoadEncoder(codec, 1).status().message()),
              HasSubstr("1.gamma"));
}

TEST_F(EntropicStudentTest, SurplusBiasIsNamed) {
  artifact::CodecArtifact codec = Codec();
  codec.encoder["0.bias"] =
      artifact::MakeFloats(std::vector<float>(96, 0.0f), {96});
  EXPECT_THAT(std::string(LoadEncoder(codec, 1).status().message()),
              HasSubstr("0.bias"));
}

}  // namespace
}  // namespace sluice::model
