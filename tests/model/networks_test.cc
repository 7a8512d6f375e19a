// Encoder, feature decoder and tail as device and server use them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "common/model/decoder_network.h"
#include "common/model/encoder.h"
#include "common/model/tail.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::model {
namespace {

using ::testing::HasSubstr;

base::FloatTensor RandomTensor(std::vector<int64_t> shape, int seed) {
  std::mt19937 random(static_cast<uint32_t>(seed));
  std::uniform_real_distribution<float> value(-1, 1);
  base::FloatTensor tensor{.shape = std::move(shape), .values = {}};
  tensor.values.resize(base::NumElements(tensor.shape));
  for (float& v : tensor.values) v = value(random);
  return tensor;
}

class NetworksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto id = testing::WriteTinyCodec(folder_ / "codec", 1);
    ASSERT_TRUE(id.ok()) << id.status();
    ASSERT_TRUE(testing::WriteTinyTail(folder_ / "tail", "tiny", *id, 2).ok());
  }

  artifact::CodecArtifact Codec() {
    auto codec =
        artifact::LoadCodec(folder_ / "codec", artifact::CodecHalf::kBoth);
    EXPECT_TRUE(codec.ok()) << codec.status();
    return *std::move(codec);
  }

  const testing::ScratchFolder folder_;
};

TEST_F(NetworksTest, ViewsOfAnyShapeKeepTheStrides) {
  const artifact::CodecArtifact codec = Codec();
  const auto encoder = LoadEncoder(codec, 1);
  const auto decoder = LoadFeatureDecoder(codec);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  ASSERT_TRUE(decoder.ok()) << decoder.status();
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{
           {32, 32}, {224, 224}, {96, 640}, {480, 32}}) {
    const auto latent = (*encoder)->Encode(RandomTensor({3, height, width}, 3));
    ASSERT_TRUE(latent.ok()) << latent.status();
    EXPECT_EQ(latent->shape, (std::vector<int64_t>{8, height / 8, width / 8}));
    base::FloatTensor batch = *latent;
    batch.shape.insert(batch.shape.begin(), 1);
    const std::vector<int> rates = {1};
    const auto features = (*decoder)->Decode(batch, rates);
    ASSERT_TRUE(features.ok()) << features.status();
    EXPECT_EQ(features->shape,
              (std::vector<int64_t>{1, 32, height / 8, width / 8}));
  }
}

TEST_F(NetworksTest, BothEntrancesLeadToTheSameSeam) {
  const auto decoder = LoadFeatureDecoder(Codec());
  ASSERT_TRUE(decoder.ok());
  const auto features = (*decoder)->Enter(RandomTensor({2, 3, 64, 96}, 4));
  ASSERT_TRUE(features.ok()) << features.status();
  EXPECT_EQ(features->shape, (std::vector<int64_t>{2, 32, 8, 12}));
}

TEST_F(NetworksTest, SamplesOfABatchDoNotMix) {
  const auto decoder = LoadFeatureDecoder(Codec());
  const auto artifact = artifact::LoadTail(folder_ / "tail");
  ASSERT_TRUE(decoder.ok() && artifact.ok());
  const auto tail = LoadTailNetwork(*artifact);
  ASSERT_TRUE(tail.ok()) << tail.status();
  const base::FloatTensor batch = RandomTensor({2, 8, 8, 8}, 5);
  const std::vector<int> rates = {0, 1};
  const auto outputs = (*tail)->Run(*(*decoder)->Decode(batch, rates));
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  const base::FloatTensor& together = outputs->front().tensor;
  ASSERT_EQ(together.shape, (std::vector<int64_t>{2, testing::kTinyClasses}));
  for (int i = 0; i < 2; ++i) {
    const size_t half = batch.values.size() / 2;
    const base::FloatTensor one = {
        .shape = {1, 8, 8, 8},
        .values = {batch.values.begin() + i * half,
                   batch.values.begin() + (i + 1) * half}};
    const std::vector<int> rate = {rates[i]};
    const auto alone = (*tail)->Run(*(*decoder)->Decode(one, rate));
    ASSERT_TRUE(alone.ok());
    const std::vector<float>& values = alone->front().tensor.values;
    for (int k = 0; k < testing::kTinyClasses; ++k) {
      EXPECT_NEAR(values[k], together.values[i * testing::kTinyClasses + k],
                  1e-3 * (1 + std::abs(values[k])));
    }
  }
}

TEST_F(NetworksTest, RateConditionsTheDecoder) {
  artifact::CodecArtifact codec = Codec();
  std::vector<float> shift(2 * 16, 0.0f);
  std::fill(shift.begin() + 16, shift.end(), 1.0f);
  codec.decoder["decoder.rate_shift"] = artifact::MakeFloats(shift, {2, 16});
  const auto decoder = LoadFeatureDecoder(codec);
  ASSERT_TRUE(decoder.ok()) << decoder.status();
  const base::FloatTensor y_hat = RandomTensor({1, 8, 4, 4}, 6);
  const std::vector<int> low = {0}, high = {1};
  EXPECT_NE((*decoder)->Decode(y_hat, low)->values,
            (*decoder)->Decode(y_hat, high)->values);
}

TEST_F(NetworksTest, UnpaddedInputIsRefused) {
  const auto encoder = LoadEncoder(Codec(), 1);
  ASSERT_TRUE(encoder.ok());
  const auto latent = (*encoder)->Encode(RandomTensor({3, 33, 32}, 1));
  EXPECT_EQ(latent.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(latent.status().message()), HasSubstr("[3,33,32]"));
}

TEST_F(NetworksTest, ValuesThatDoNotFillTheShapeAreRefused) {
  const auto encoder = LoadEncoder(Codec(), 1);
  ASSERT_TRUE(encoder.ok());
  base::FloatTensor input = RandomTensor({3, 32, 32}, 1);
  input.values.pop_back();
  EXPECT_EQ((*encoder)->Encode(input).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(NetworksTest, RateBeyondTheCodecsIsRefused) {
  const auto decoder = LoadFeatureDecoder(Codec());
  ASSERT_TRUE(decoder.ok());
  const std::vector<int> rates = {testing::kTinyRates};
  EXPECT_EQ(
      (*decoder)->Decode(RandomTensor({1, 8, 4, 4}, 1), rates).status().code(),
      absl::StatusCode::kInvalidArgument);
}

TEST_F(NetworksTest, MissingEncoderTensorIsNamed) {
  artifact::CodecArtifact codec = Codec();
  codec.encoder.erase("head.bias");
  const auto encoder = LoadEncoder(codec, 1);
  EXPECT_THAT(std::string(encoder.status().message()), HasSubstr("head.bias"));
}

TEST_F(NetworksTest, SurplusDecoderTensorIsNamed) {
  artifact::CodecArtifact codec = Codec();
  codec.decoder["decoder.extra"] =
      artifact::MakeFloats(std::vector<float>{1.0f}, {1});
  EXPECT_THAT(std::string(LoadFeatureDecoder(codec).status().message()),
              HasSubstr("extra"));
}

TEST_F(NetworksTest, UnknownFamilyIsNotFound) {
  artifact::CodecArtifact codec = Codec();
  codec.spec.family = "hyperprior";
  EXPECT_EQ(LoadEncoder(codec, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(NetworksTest, HyperparameterOutOfRangeNamesItsField) {
  artifact::CodecArtifact codec = Codec();
  codec.spec.encoder["width"] = -1;
  EXPECT_THAT(std::string(LoadEncoder(codec, 1).status().message()),
              HasSubstr("canonical.encoder.width"));
}

TEST_F(NetworksTest, TailForAnUnknownTaskIsNotFound) {
  auto tail = artifact::LoadTail(folder_ / "tail");
  ASSERT_TRUE(tail.ok());
  tail->spec.task = "depth";
  EXPECT_EQ(LoadTailNetwork(*tail).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(NetworksTest, EncoderStaysWithinTheDevicesBudget) {
  // The tiny encoder's work at 224 x 224, counted by hand.
  const double positions = 28.0 * 28.0;
  const double expected = 56.0 * 56 * 48 * 8 +      // 4x4 stem
                          positions * 8 * 16 * 4 +  // 2x2 stem
                          positions * (16 * 8 + 8 * 8 * 9 + 8 * 16) +
                          positions * 16 * 8;
  const auto encoder = LoadEncoder(Codec(), 1);
  ASSERT_TRUE(encoder.ok());
  EXPECT_DOUBLE_EQ((*encoder)->Macs(224, 224), expected);
}

}  // namespace
}  // namespace sluice::model
