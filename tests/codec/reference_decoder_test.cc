// A second decoder of frames, written from bitstream_format.md alone and with
// no thought of speed, against the production one.
#include <cmath>
#include <optional>
#include <random>
#include <utility>

#include "common/base/hash.h"
#include "common/codec/frame.h"
#include "gtest/gtest.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using Bytes = std::vector<uint8_t>;

struct ReferenceLatent {
  uint64_t rate = 0;
  uint64_t height = 0;
  uint64_t width = 0;
  std::vector<int64_t> symbols;  // [C,H,W]
  std::vector<float> y_hat;
};

class ReferenceDecoder {
 public:
  // `tables` are `num_rates` rows of `num_channels`.
  ReferenceDecoder(const CodecTables& tables, uint64_t codec_short_id)
      : tables_(tables), codec_short_id_(codec_short_id) {}

  // Nothing unless the bytes are one valid frame of this codec.
  std::optional<ReferenceLatent> Decode(const Bytes& frame) {
    frame_ = frame;
    position_ = 0;
    ok_ = true;
    ReferenceLatent latent;
    DecodeHeader(latent);
    if (ok_) DecodePayload(latent);
    if (!ok_) return std::nullopt;
    return latent;
  }

 private:
  // Whatever follows a requirement that does not hold is of no account.
  void Require(bool condition) { ok_ = ok_ && condition; }

  uint64_t Next(int num_bytes) {
    uint64_t value = 0;
    for (int i = 0; i < num_bytes; ++i) {
      Require(position_ < end_);
      if (!ok_) return 0;
      value += uint64_t{frame_[position_++]} << (8 * i);
    }
    return value;
  }

  uint64_t NextVarint() {
    uint64_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const uint64_t byte = Next(1);
      value += (byte % 128) << (7 * i);
      if (byte < 128) {
        Require(i == 0 || byte != 0);
        return value;
      }
    }
    Require(false);
    return 0;
  }

  uint64_t Crc() const {
    uint64_t crc = 0xffffffff;
    for (size_t i = 0; i < frame_.size(); ++i) {
      if (i >= 17 && i < 21) continue;
      crc ^= frame_[i];
      for (int bit = 0; bit < 8; ++bit) {
        crc = crc % 2 == 1 ? crc / 2 ^ 0x82f63b78 : crc / 2;
      }
    }
    return crc ^ 0xffffffff;
  }

  void DecodeHeader(ReferenceLatent& latent) {
    end_ = frame_.size();
    Require(Next(2) == 0x4c53);
    Require(Next(1) == 1);
    const uint64_t coder = Next(1);
    Require(coder <= 5);
    num_lanes_ = 1;
    for (uint64_t i = 0; i < coder && ok_; ++i) num_lanes_ *= 2;
    Require(Next(4) == codec_short_id_);
    latent.rate = Next(1);
    latent.height = Next(2);
    latent.width = Next(2);
    Require(latent.rate < static_cast<uint64_t>(tables_.num_rates()));
    Require(latent.height >= 1 && latent.height <= 4096);
    Require(latent.width >= 1 && latent.width <= 4096);
    Require(tables_.num_channels() * latent.height * latent.width <= 1638400);
    const uint64_t payload_bytes = Next(4);
    Require(payload_bytes <= 4194304);
    const uint64_t crc = Next(4);
    Require(frame_.size() == 21 + payload_bytes);
    Require(Crc() == crc);
  }

  void DecodePayload(ReferenceLatent& latent) {
    const uint64_t escape_bytes = NextVarint();
    Require(escape_bytes <= frame_.size() - position_);
    if (!ok_) return;
    const size_t first_escape = position_;
    position_ += escape_bytes;
    const size_t escapes_end = position_;

    std::vector<uint64_t> states;
    for (int lane = 0; lane < num_lanes_; ++lane) {
      states.push_back(Next(4));
      Require(states.back() >= 65536);
    }
    std::vector<size_t> escaped;
    DecodeSlots(states, latent, escaped);
    Require(position_ == frame_.size());
    for (const uint64_t state : states) Require(state == 65536);

    position_ = first_escape;
    end_ = escapes_end;
    for (const size_t i : escaped) latent.symbols[i] = NextEscape(latent, i);
    Require(position_ == escapes_end);
    if (ok_) Dequantize(latent);
  }

  const ChannelTable& TableOf(const ReferenceLatent& latent, size_t i) const {
    const size_t channel = i / (latent.height * latent.width);
    return tables_.rate(static_cast<int>(latent.rate))[channel];
  }

  // Leaves out the symbols at `escaped`.
  void DecodeSlots(std::vector<uint64_t>& states, ReferenceLatent& latent,
                   std::vector<size_t>& escaped) {
    const size_t positions = latent.height * latent.width;
    const size_t num_symbols = tables_.num_channels() * positions;
    for (size_t i = 0; i < num_symbols && ok_; ++i) {
      const QuantizedCdf& table = TableOf(latent, i).cdf;
      const std::span<const uint32_t> cdf = table.cdf();
      uint64_t& x = states[i % positions % num_lanes_];
      const uint64_t code = x % 4096;
      int64_t k = 0;
      while (cdf[k + 1] <= code) ++k;
      const uint64_t freq = cdf[k + 1] - cdf[k];
      x = freq * (x / 4096) + code - cdf[k];
      if (x < 65536) x = 65536 * x + Next(2);
      const int64_t n = static_cast<int64_t>(cdf.size()) - 2;
      if (k == n) escaped.push_back(i);
      latent.symbols.push_back(table.min_symbol() + k);
    }
  }

  int64_t NextEscape(const ReferenceLatent& latent, size_t i) {
    const int64_t zigzag = static_cast<int64_t>(NextVarint());
    const int64_t symbol = zigzag % 2 == 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    Require(symbol >= -32767 && symbol <= 32767);
    const QuantizedCdf& table = TableOf(latent, i).cdf;
    const int64_t n = static_cast<int64_t>(table.cdf().size()) - 2;
    Require(symbol < table.min_symbol() || symbol >= table.min_symbol() + n);
    return symbol;
  }

  void Dequantize(ReferenceLatent& latent) const {
    for (size_t i = 0; i < latent.symbols.size(); ++i) {
      const ChannelTable& table = TableOf(latent, i);
      const float sum = static_cast<float>(latent.symbols[i]) + table.median;
      latent.y_hat.push_back(sum * table.inverse_gain);
    }
  }

  const CodecTables& tables_;
  const uint64_t codec_short_id_;
  Bytes frame_;
  size_t position_ = 0;
  size_t end_ = 0;  // Of what Next() may take.
  int num_lanes_ = 1;
  bool ok_ = true;
};

// A frame with everything random, and what is in it.
struct Sample {
  CodecTables tables;
  uint32_t codec_short_id;
  LatentShape shape;
  int rate;
  std::vector<int32_t> symbols;
  Bytes frame;
};

// Few tables, so that a test need not build new ones for every sample.
std::vector<ChannelTable> TablePool(std::mt19937& random) {
  std::vector<ChannelTable> pool = {MakeTable(0, {4095, 1}), WidestTable()};
  while (pool.size() < 60) pool.push_back(RandomTable(random));
  for (ChannelTable& table : pool) {
    table.inverse_gain = 0.01f * static_cast<float>(1 + random() % 300);
    table.median = 0.001f * static_cast<float>(random() % 1000);
  }
  return pool;
}

CodecTables PickTables(const std::vector<ChannelTable>& pool, int num_rates,
                       int num_channels, std::mt19937& random) {
  std::vector<ChannelTable> tables;
  for (int i = 0; i < num_rates * num_channels; ++i) {
    tables.push_back(pool[random() % pool.size()]);
  }
  return CodecTables::Create(num_rates, num_channels, std::move(tables))
      .value();
}

Sample RandomSample(const std::vector<ChannelTable>& pool,
                    std::mt19937& random) {
  const auto up_to = [&random](uint32_t limit) {
    return static_cast<int>(1 + random() % limit);
  };
  const LatentShape shape = {up_to(4), up_to(16), up_to(16)};
  const int num_rates = up_to(3);
  const int rate = static_cast<int>(random() % num_rates);
  const uint32_t codec_short_id = static_cast<uint32_t>(random());
  CodecTables tables = PickTables(pool, num_rates, shape.channels, random);
  std::vector<int32_t> symbols =
      RandomSymbols(shape, tables.rate(rate), random);

  const int num_lanes = kLaneCounts[random() % std::size(kLaneCounts)];
  CoderScratch scratch;
  Bytes frame;
  EXPECT_TRUE(EncodeSymbols(symbols, shape, tables.rate(rate), num_lanes,
                            scratch, scratch.payload)
                  .ok());
  EXPECT_TRUE(WriteFrame({.header = {.codec_short_id = codec_short_id,
                                     .rate = rate,
                                     .latent_height = shape.height,
                                     .latent_width = shape.width,
                                     .num_lanes = num_lanes},
                          .payload = scratch.payload},
                         frame)
                  .ok());
  return {std::move(tables),  codec_short_id,  shape, rate,
          std::move(symbols), std::move(frame)};
}

// Returns whether both decoders take the frame; they have to agree.
bool BothDecode(const Sample& sample, const Bytes& frame) {
  const absl::StatusOr<DecodedFrame> production =
      DecodeFrame(frame, sample.tables, sample.codec_short_id);
  const std::optional<ReferenceLatent> reference =
      ReferenceDecoder(sample.tables, sample.codec_short_id).Decode(frame);
  EXPECT_EQ(production.ok(), reference.has_value()) << production.status();
  if (!production.ok() || !reference.has_value()) return false;
  EXPECT_EQ(production->header.rate, static_cast<int>(reference->rate));
  EXPECT_EQ(production->shape.height, static_cast<int>(reference->height));
  EXPECT_EQ(production->shape.width, static_cast<int>(reference->width));
  EXPECT_EQ(production->y_hat, reference->y_hat);
  return true;
}

void RepairCrc(Bytes& frame) {
  if (frame.size() < kFrameHeaderBytes) return;
  const auto view = std::span<const uint8_t>(frame);
  const uint32_t crc = base::Crc32c(view.subspan(kFrameHeaderBytes),
                                    base::Crc32c(view.first(17)));
  for (int i = 0; i < 4; ++i) {
    frame[17 + i] = static_cast<uint8_t>(crc >> (8 * i));
  }
}

TEST(ReferenceDecoderTest, DecodesTheSpecificationsWorkedFrame) {
  const std::filesystem::path source = SLUICE_SOURCE_DIR;
  const CodecTables tables = WorkedTables(4);
  const std::optional<ReferenceLatent> latent =
      ReferenceDecoder(tables, 0x1a2b3c4d)
          .Decode(ReadHex(source / "common" / "codec" / "bitstream_format.md"));
  ASSERT_TRUE(latent.has_value());
  EXPECT_EQ(latent->rate, 3u);
  EXPECT_EQ(latent->symbols, (std::vector<int64_t>{0, 0, -1, 1, 0, 5, 1, 0}));
  EXPECT_EQ(latent->y_hat, (std::vector<float>{0.5f, 0.5f, -0.5f, 1.5f, 0.0f,
                                               2.5f, 0.5f, 0.0f}));
}

TEST(ReferenceDecoderTest, DecodesTheSpecificationsPayloadOfTwoLanes) {
  Bytes frame = {0x53, 0x4c, 1,    1,    4,    3,    2,    1,    0,   2, 0,
                 2,    0,    10,   0,    0,    0,    0,    0,    0,   0, 0x01,
                 0x0a, 0x00, 0x18, 0x34, 0x00, 0xf0, 0x96, 0x11, 0x11};
  RepairCrc(frame);
  const CodecTables tables = WorkedTables(1);
  const std::optional<ReferenceLatent> latent =
      ReferenceDecoder(tables, 0x01020304).Decode(frame);
  ASSERT_TRUE(latent.has_value());
  EXPECT_EQ(latent->symbols, (std::vector<int64_t>{0, 0, -1, 1, 0, 5, 1, 0}));
  EXPECT_TRUE(DecodeFrame(frame, tables, 0x01020304).ok());
}

TEST(ReferenceDecoderTest, AgreesOnRandomFrames) {
  std::mt19937 random(1);
  const std::vector<ChannelTable> pool = TablePool(random);
  for (int i = 0; i < 3000; ++i) {
    SCOPED_TRACE(i);
    const Sample sample = RandomSample(pool, random);
    ASSERT_TRUE(BothDecode(sample, sample.frame));
    const ReferenceLatent latent =
        *ReferenceDecoder(sample.tables, sample.codec_short_id)
             .Decode(sample.frame);
    ASSERT_TRUE(std::equal(latent.symbols.begin(), latent.symbols.end(),
                           sample.symbols.begin(), sample.symbols.end()));
  }
}

TEST(ReferenceDecoderTest, BothRefuseEveryBitFlip) {
  std::mt19937 random(2);
  const std::vector<ChannelTable> pool = TablePool(random);
  for (int i = 0; i < 500; ++i) {
    const Sample sample = RandomSample(pool, random);
    for (int j = 0; j < 4; ++j) {
      Bytes frame = sample.frame;
      frame[random() % frame.size()] ^= static_cast<uint8_t>(1 << random() % 8);
      EXPECT_FALSE(BothDecode(sample, frame));
    }
  }
}

TEST(ReferenceDecoderTest, BothRefuseEveryTruncation) {
  std::mt19937 random(3);
  const std::vector<ChannelTable> pool = TablePool(random);
  for (int i = 0; i < 20; ++i) {
    const Sample sample = RandomSample(pool, random);
    for (size_t size = 0; size < sample.frame.size();
         size += 1 + random() % 7) {
      Bytes frame(sample.frame.begin(), sample.frame.begin() + size);
      EXPECT_FALSE(BothDecode(sample, frame));
      RepairCrc(frame);
      EXPECT_FALSE(BothDecode(sample, frame));
    }
  }
}

// With a right checksum a damaged frame may decode, to other symbols; then it
// does so twice.
TEST(ReferenceDecoderTest, AgreesOnDamageBehindARightChecksum) {
  std::mt19937 random(4);
  const std::vector<ChannelTable> pool = TablePool(random);
  int num_decoded = 0;
  for (int i = 0; i < 2000; ++i) {
    SCOPED_TRACE(i);
    const Sample sample = RandomSample(pool, random);
    for (int j = 0; j < 4; ++j) {
      Bytes frame = sample.frame;
      // Most often near the beginning: header, escapes, states.
      const size_t limit = random() % 2 == 0 ? frame.size() : size_t{40};
      const size_t at = random() % std::min(limit, frame.size());
      frame[at] ^= static_cast<uint8_t>(1 << random() % 8);
      RepairCrc(frame);
      num_decoded += BothDecode(sample, frame);
    }
  }
  EXPECT_GT(num_decoded, 50);
}

}  // namespace
}  // namespace sluice::codec
