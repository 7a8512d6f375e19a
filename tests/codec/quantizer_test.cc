#include "common/codec/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

ChannelTable TableWith(float gain, float inverse_gain, float median) {
  ChannelTable table = MakeTable(0, {4095, 1});
  table.gain = gain;
  table.inverse_gain = inverse_gain;
  table.median = median;
  return table;
}

absl::StatusOr<std::vector<int32_t>> Quantize(
    const std::vector<float>& latent, const LatentShape& shape,
    const std::vector<ChannelTable>& channels) {
  std::vector<int32_t> symbols(7, -1);  // To be replaced.
  const absl::Status status = QuantizeLatent(latent, shape, channels, symbols);
  if (!status.ok()) return status;
  return symbols;
}

absl::StatusOr<std::vector<float>> Dequantize(
    const std::vector<int32_t>& symbols, const LatentShape& shape,
    const std::vector<ChannelTable>& channels) {
  std::vector<float> y_hat(7, -1.0f);
  const absl::Status status = DequantizeLatent(symbols, shape, channels, y_hat);
  if (!status.ok()) return status;
  return y_hat;
}

std::vector<int32_t> QuantizeRow(const std::vector<float>& latent,
                                 const ChannelTable& table) {
  const LatentShape shape{1, 1, static_cast<int>(latent.size())};
  return Quantize(latent, shape, {table}).value();
}

TEST(QuantizerTest, TiesGoToEven) {
  EXPECT_THAT(QuantizeRow({-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f},
                          TableWith(1.0f, 1.0f, 0.0f)),
              ElementsAre(-2, -2, 0, 0, 2, 2));
}

TEST(QuantizerTest, RoundsAsTheStandardLibraryDoes) {
  std::mt19937 random(3);
  std::vector<float> latent;
  for (int i = 0; i < 4096; ++i) {
    const int32_t bits = static_cast<int32_t>(random());
    latent.push_back(std::ldexp(static_cast<float>(bits), -16 - i % 24));
  }
  const std::vector<int32_t> symbols =
      QuantizeRow(latent, TableWith(1.0f, 1.0f, 0.0f));
  for (size_t i = 0; i < symbols.size(); ++i) {
    const float expected =
        std::clamp(std::nearbyint(latent[i]), -32767.0f, 32767.0f);
    ASSERT_EQ(symbols[i], static_cast<int32_t>(expected)) << latent[i];
  }
}

TEST(QuantizerTest, RoundsAroundTheMedianAfterTheGain) {
  EXPECT_THAT(QuantizeRow({0.0f, 0.25f, 1.0f}, TableWith(4.0f, 0.25f, 0.75f)),
              ElementsAre(-1, 0, 3));
}

TEST(QuantizerTest, ClampsLargeValues) {
  constexpr float kMax = std::numeric_limits<float>::max();
  EXPECT_THAT(QuantizeRow({32767.0f, 32768.0f, -32767.6f, 1e9f, kMax, -kMax},
                          TableWith(16.0f, 1.0f, 0.0f)),
              ElementsAre(kMaxSymbol, kMaxSymbol, -kMaxSymbol, kMaxSymbol,
                          kMaxSymbol, -kMaxSymbol));
}

TEST(QuantizerTest, EachChannelUsesItsOwnTable) {
  const std::vector<ChannelTable> channels = {TableWith(1.0f, 1.0f, 0.0f),
                                              TableWith(10.0f, 0.1f, 1.0f)};
  const std::vector<float> latent = {1.0f, 2.0f, 1.0f, 2.0f};
  const LatentShape shape{2, 1, 2};
  const auto symbols = Quantize(latent, shape, channels);
  ASSERT_TRUE(symbols.ok()) << symbols.status();
  EXPECT_THAT(*symbols, ElementsAre(1, 2, 9, 19));
  const auto y_hat = Dequantize(*symbols, shape, channels);
  ASSERT_TRUE(y_hat.ok()) << y_hat.status();
  EXPECT_THAT(*y_hat, ElementsAre(1.0f, 2.0f, 10.0f * 0.1f, 20.0f * 0.1f));
}

// 1.1f * y lies just above 1 and rounds to 1; 0.5 is then a tie. A fused
// multiply-add keeps the excess and gives 1.
TEST(QuantizerTest, ProductAndDifferenceRoundSeparately) {
  EXPECT_THAT(QuantizeRow({0x1.d1745ep-1f}, TableWith(1.1f, 1.0f, 0.5f)),
              ElementsAre(0));
}

TEST(QuantizerTest, NonFiniteLatentIsInvalidAndNamed) {
  const std::vector<ChannelTable> channels(3, TableWith(1.0f, 1.0f, 0.0f));
  for (const float bad : {std::nanf(""), -std::nanf(""), INFINITY, -INFINITY}) {
    std::vector<float> latent(12, 0.0f);
    latent[7] = bad;
    EXPECT_THAT(
        Quantize(latent, {3, 2, 2}, channels),
        Fails(StatusCode::kInvalidArgument, "latent channel 1 position 3 is "));
  }
}

TEST(QuantizerTest, SizeMismatchIsInvalid) {
  const std::vector<ChannelTable> channels(2, TableWith(1.0f, 1.0f, 0.0f));
  const std::vector<float> latent(8);
  const std::vector<int32_t> symbols(8);
  constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
  EXPECT_THAT(Quantize(latent, {2, 2, 3}, channels),
              Fails(kInvalid, "expected 12 elements"));
  EXPECT_THAT(Quantize(latent, {4, 1, 2}, channels),
              Fails(kInvalid, "expected tables for 4 channels, found 2"));
  EXPECT_THAT(Dequantize(symbols, {2, 2, 3}, channels),
              Fails(kInvalid, "expected 12 elements"));
  EXPECT_THAT(Dequantize(symbols, {1, 2, 4}, channels),
              Fails(kInvalid, "expected tables for 1 channels, found 2"));
}

TEST(QuantizerTest, ShapeIsCheckedFirst) {
  EXPECT_THAT(Quantize({}, {0, 0, 0}, {}),
              Fails(StatusCode::kInvalidArgument, "channels 0"));
  EXPECT_THAT(Dequantize({}, {512, 4096, 4096}, {}),
              Fails(StatusCode::kResourceExhausted, "elements"));
}

}  // namespace
}  // namespace sluice::codec
