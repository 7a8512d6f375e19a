// Frames of version 1, byte for byte. A difference here is a new version.
#include <filesystem>
#include <string>

#include "common/base/file_io.h"
#include "common/codec/frame.h"
#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using Bytes = std::vector<uint8_t>;

struct Golden {
  std::vector<float> latent;
  LatentShape shape;
  CodecTables tables;
  uint32_t codec_short_id;
  int rate;
  std::vector<float> y_hat;
};

const std::filesystem::path kSource = SLUICE_SOURCE_DIR;

Bytes ReadGolden(const std::string& name) {
  const auto path = kSource / "tests" / "testdata" / (name + ".frame");
  const auto bytes = base::ReadFile(path, kMaxPayloadBytes);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or(Bytes{});
}

void ExpectGolden(const Golden& golden, const Bytes& expected) {
  const auto frame = EncodeFrame(golden.latent, golden.shape, golden.tables,
                                 golden.codec_short_id, golden.rate);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(ToHex(*frame), ToHex(expected));
  const auto decoded =
      DecodeFrame(expected, golden.tables, golden.codec_short_id);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->header.rate, golden.rate);
  EXPECT_EQ(decoded->shape, golden.shape);
  EXPECT_EQ(decoded->y_hat, golden.y_hat);
}

CodecTables OneRate(std::vector<ChannelTable> channels) {
  const int num_channels = static_cast<int>(channels.size());
  return CodecTables::Create(1, num_channels, std::move(channels)).value();
}

TEST(GoldenFrameTest, WorkedFrameOfTheSpecification) {
  ExpectGolden({.latent = {0.5f, 0.25f, -0.75f, 1.5f, 0.0f, 2.5f, 0.5f, 0.125f},
                .shape = {2, 2, 2},
                .tables = WorkedTables(4),
                .codec_short_id = 0x1a2b3c4d,
                .rate = 3,
                .y_hat = {0.5f, 0.5f, -0.5f, 1.5f, 0.0f, 2.5f, 0.5f, 0.0f}},
               ReadHex(kSource / "common" / "codec" / "bitstream_format.md"));
}

TEST(GoldenFrameTest, OneElement) {
  ExpectGolden({.latent = {0.0f},
                .shape = {1, 1, 1},
                .tables = OneRate({MakeTable(0, {4095, 1})}),
                .codec_short_id = 0,
                .rate = 0,
                .y_hat = {0.0f}},
               ReadGolden("frame_v1_one_element"));
}

TEST(GoldenFrameTest, SkewedChannelsOfUnequalTables) {
  const LatentShape shape{3, 8, 12};
  std::vector<float> latent;
  uint32_t random = 1;
  for (size_t i = 0; i < shape.num_elements(); ++i) {
    random = random * 1664525 + 1013904223;
    const int bits = static_cast<int>(random >> 24);
    latent.push_back(static_cast<float>(bits < 200 ? 0 : bits % 7 - 3));
  }
  ExpectGolden(
      {.latent = latent,
       .shape = shape,
       .tables =
           OneRate({MakeTable(-1, {60, 3700, 300, 36}), MakeTable(0, {4095, 1}),
                    MakeTable(-3, {1, 1, 60, 3000, 500, 60, 30, 444})}),
       .codec_short_id = 0xdeadbeef,
       .rate = 0,
       .y_hat = latent},
      ReadGolden("frame_v1_skewed"));
}

TEST(GoldenFrameTest, EscapesOfEveryLengthAndClampedValues) {
  constexpr float kMax = static_cast<float>(kMaxSymbol);
  ExpectGolden({.latent = {1.0f, -1.0f, 63.0f, 64.0f, -64.0f, -65.0f, 8191.0f,
                           8192.0f, -8192.0f, -8193.0f, 1e9f, -1e9f},
                .shape = {1, 3, 4},
                .tables = OneRate({MakeTable(0, {2500, 1596})}),
                .codec_short_id = 1,
                .rate = 0,
                .y_hat = {1.0f, -1.0f, 63.0f, 64.0f, -64.0f, -65.0f, 8191.0f,
                          8192.0f, -8192.0f, -8193.0f, kMax, -kMax}},
               ReadGolden("frame_v1_escapes"));
}

TEST(GoldenFrameTest, WidestTable) {
  const std::vector<float> latent = {-127.0f, -126.0f, -1.0f,  0.0f,
                                     1.0f,    125.0f,  127.0f, 128.0f};
  ExpectGolden({.latent = latent,
                .shape = {1, 2, 4},
                .tables = OneRate({WidestTable()}),
                .codec_short_id = 2,
                .rate = 0,
                .y_hat = latent},
               ReadGolden("frame_v1_widest_table"));
}

// Two channels that follow their tables, an escape now and then.
Golden Noise(int height, int width) {
  ChannelTable narrow = MakeTable(-3, {90, 300, 900, 1500, 900, 300, 100, 6});
  narrow.gain = 2.0f;
  narrow.inverse_gain = 0.5f;
  narrow.median = 0.25f;
  const CodecTables tables = OneRate({WidestTable(), narrow});
  const LatentShape shape{2, height, width};
  std::vector<float> latent;
  uint32_t random = 1;
  for (const ChannelTable& channel : tables.rate(0)) {
    for (size_t i = 0; i < shape.num_positions(); ++i) {
      random = random * 1664525 + 1013904223;
      const uint32_t code = random >> 20;
      int32_t symbol = channel.cdf.min_symbol();
      for (size_t k = 1; channel.cdf.cdf()[k] <= code; ++k) ++symbol;
      const float y = static_cast<float>(symbol) + channel.median;
      latent.push_back(y * channel.inverse_gain);
    }
  }
  return {.latent = latent,
          .shape = shape,
          .tables = tables,
          .codec_short_id = 0x01020304,
          .rate = 0,
          .y_hat = latent};
}

void ExpectGoldenOfLanes(const Golden& golden, const std::string& name,
                         int num_lanes) {
  const Bytes expected = ReadGolden(name);
  const auto frame = ReadFrame(expected);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->header.num_lanes, num_lanes);
  ExpectGolden(golden, expected);
}

TEST(GoldenFrameTest, OneLane) {
  ExpectGoldenOfLanes(Noise(11, 13), "frame_v1_lanes_1", 1);
}

TEST(GoldenFrameTest, FourLanes) {
  ExpectGoldenOfLanes(Noise(29, 29), "frame_v1_lanes_4", 4);
}

TEST(GoldenFrameTest, EightLanes) {
  ExpectGoldenOfLanes(Noise(57, 57), "frame_v1_lanes_8", 8);
}

TEST(GoldenFrameTest, SixteenLanes) {
  ExpectGoldenOfLanes(Noise(79, 81), "frame_v1_lanes_16", 16);
}

TEST(GoldenFrameTest, ThirtyTwoLanes) {
  ExpectGoldenOfLanes(Noise(111, 115), "frame_v1_lanes_32", 32);
}

}  // namespace
}  // namespace sluice::codec
