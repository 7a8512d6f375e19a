#include "common/codec/entropy_coder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using Symbols = std::vector<int32_t>;
using Bytes = std::vector<uint8_t>;
using Channels = std::vector<ChannelTable>;

constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr StatusCode kDataLoss = StatusCode::kDataLoss;

LatentShape RowShape(size_t width) { return {1, 1, static_cast<int>(width)}; }

absl::StatusOr<Bytes> TryEncode(const Symbols& symbols,
                                const LatentShape& shape,
                                const Channels& channels, int num_lanes) {
  CoderScratch scratch;
  Bytes payload = {0x5a};  // To be replaced.
  const absl::Status status =
      EncodeSymbols(symbols, shape, channels, num_lanes, scratch, payload);
  if (!status.ok()) return status;
  return payload;
}

Bytes Encode(const Symbols& symbols, const LatentShape& shape,
             const Channels& channels, int num_lanes) {
  const auto payload = TryEncode(symbols, shape, channels, num_lanes);
  EXPECT_TRUE(payload.ok()) << payload.status();
  return payload.value_or(Bytes{});
}

absl::StatusOr<Symbols> Decode(std::span<const uint8_t> payload,
                               const LatentShape& shape,
                               const Channels& channels, int num_lanes) {
  CoderScratch scratch;
  Symbols symbols = {77};
  const absl::Status status =
      DecodeSymbols(payload, shape, channels, num_lanes, scratch, symbols);
  if (!status.ok()) return status;
  return symbols;
}

void ExpectRoundTrip(const Symbols& symbols, const LatentShape& shape,
                     const Channels& channels) {
  for (const int num_lanes : kLaneCounts) {
    SCOPED_TRACE(absl::StrCat(num_lanes, " lanes"));
    const Bytes payload = Encode(symbols, shape, channels, num_lanes);
    const auto decoded = Decode(payload, shape, channels, num_lanes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, symbols);
  }
}

// Three channels of 4 x 5 with tables of unequal width; an escape now and then.
struct Sample {
  int num_lanes;
  LatentShape shape{3, 4, 5};
  Channels channels = {MakeTable(-2, {100, 900, 1900, 1000, 190, 6}),
                       MakeTable(0, {4000, 96}),
                       MakeTable(-1, {1500, 1536, 1000, 60})};
  Symbols symbols;

  explicit Sample(int lanes, uint32_t seed = 3) : num_lanes(lanes) {
    std::mt19937 random(seed);
    for (size_t i = 0; i < shape.num_elements(); ++i) {
      const size_t magnitude = random() % 32768 >> random() % 15;
      symbols.push_back(random() % 8 == 0
                            ? static_cast<int32_t>(magnitude)
                            : static_cast<int32_t>(random() % 3) - 1);
    }
  }
  Bytes Payload() const { return Encode(symbols, shape, channels, num_lanes); }
  absl::StatusOr<Symbols> DecodeIt(std::span<const uint8_t> payload) const {
    return Decode(payload, shape, channels, num_lanes);
  }
};

TEST(EntropyCoderTest, OneElement) {
  const Channels channels = {MakeTable(0, {2048, 2048})};
  EXPECT_THAT(Encode({0}, RowShape(1), channels, 1),
              ElementsAre(0, 0x00, 0x00, 0x02, 0x00));
  EXPECT_THAT(Encode({0}, RowShape(1), channels, 2),
              ElementsAre(0, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00));
  ExpectRoundTrip({0}, RowShape(1), channels);
}

TEST(EntropyCoderTest, NearCertainSymbolsCostAlmostNothing) {
  const Channels channels = {MakeTable(0, {4095, 1})};
  const LatentShape shape{1, 20, 1000};
  const Symbols symbols(shape.num_elements(), 0);
  // 20,000 times log2(4096 / 4095) are 7 bits.
  for (const int num_lanes : kLaneCounts) {
    EXPECT_EQ(Encode(symbols, shape, channels, num_lanes).size(),
              1u + 4 * num_lanes);
  }
  ExpectRoundTrip(symbols, shape, channels);
}

TEST(EntropyCoderTest, LeastProbableSymbols) {
  const Channels channels = {MakeTable(-1, {1, 4093, 1, 1})};
  ExpectRoundTrip({-1, 1, -1, -1, 1, 1, 0, -1}, RowShape(8), channels);
  ExpectRoundTrip(Symbols(1000, 1), RowShape(1000), channels);
}

TEST(EntropyCoderTest, AllEscapes) {
  const Channels channels = {MakeTable(0, {4095, 1})};
  ExpectRoundTrip({1, -1, 63, 64, -64, -65, 8191, 8192, -8193}, RowShape(9),
                  channels);
}

TEST(EntropyCoderTest, AnEscapeInAnyPlace) {
  const LatentShape shape{2, 1, 300};
  const Channels channels(2, MakeTable(0, {2000, 2000, 96}));
  for (size_t position = 0; position < shape.num_elements(); position += 13) {
    Symbols symbols(shape.num_elements(), 1);
    symbols[position] = -1000;
    symbols.back() = 2;
    ExpectRoundTrip(symbols, shape, channels);
  }
}

TEST(EntropyCoderTest, MaximalSymbols) {
  const Symbols symbols = {kMaxSymbol, -kMaxSymbol, 0, -kMaxSymbol, kMaxSymbol};
  ExpectRoundTrip(symbols, RowShape(5), {MakeTable(0, {4095, 1})});
  ExpectRoundTrip(symbols, RowShape(5), {MakeTable(kMaxSymbol, {1, 4095})});
  ExpectRoundTrip(symbols, RowShape(5), {MakeTable(-kMaxSymbol, {4095, 1})});
}

TEST(EntropyCoderTest, WidestTableCodesOneBytePerSymbol) {
  const Channels channels = {WidestTable()};
  Symbols symbols;
  for (int32_t i = 0; i < 4096; ++i) symbols.push_back(i % 255 - 127);
  const LatentShape shape{1, 64, 64};
  for (const int num_lanes : kLaneCounts) {
    EXPECT_EQ(Encode(symbols, shape, channels, num_lanes).size(),
              1 + 4 * num_lanes + symbols.size());
  }
  ExpectRoundTrip(symbols, shape, channels);
}

TEST(EntropyCoderTest, LargestLatent) {
  const Channels channels(64, MakeTable(-1, {100, 3860, 100, 36}));
  const LatentShape shape{64, 160, 160};
  Symbols symbols(shape.num_elements(), 0);
  symbols.front() = -1;
  symbols.back() = 77;
  ExpectRoundTrip(symbols, shape, channels);
}

TEST(EntropyCoderTest, RandomSymbolsOfRandomTables) {
  std::mt19937 random(6);
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    const LatentShape shape{1 + static_cast<int>(random() % 4),
                            1 + static_cast<int>(random() % 12),
                            1 + static_cast<int>(random() % 12)};
    Channels channels;
    for (int c = 0; c < shape.channels; ++c) {
      channels.push_back(RandomTable(random));
    }
    ExpectRoundTrip(RandomSymbols(shape, channels, random), shape, channels);
  }
}

TEST(EntropyCoderTest, ScratchMayComeFromAnyLatent) {
  std::mt19937 random(7);
  const Channels channels = {WidestTable()};
  CoderScratch scratch;
  Bytes payload;
  Symbols decoded;
  for (const int side : {40, 3, 17, 1, 64}) {
    for (const int num_lanes : kLaneCounts) {
      const LatentShape shape{1, side, side};
      const Symbols symbols = RandomSymbols(shape, channels, random);
      ASSERT_TRUE(
          EncodeSymbols(symbols, shape, channels, num_lanes, scratch, payload)
              .ok());
      EXPECT_EQ(payload, Encode(symbols, shape, channels, num_lanes));
      ASSERT_TRUE(
          DecodeSymbols(payload, shape, channels, num_lanes, scratch, decoded)
              .ok());
      EXPECT_EQ(decoded, symbols);
    }
  }
}

TEST(EntropyCoderTest, PayloadIsCloseToTheEntropy) {
  const std::vector<uint32_t> frequencies = {20,  120, 560, 2500,
                                             560, 250, 76,  10};
  const Channels channels = {MakeTable(-3, frequencies)};
  std::mt19937 random(11);
  Symbols symbols;
  double ideal_bits = 0;
  const LatentShape shape{1, 100, 200};
  while (symbols.size() < shape.num_elements()) {
    const unsigned long code = random() % 4086;
    size_t slot = 0;
    while (channels[0].cdf.cdf()[slot + 1] <= code) ++slot;
    symbols.push_back(static_cast<int32_t>(slot) - 3);
    ideal_bits -= std::log2(frequencies[slot] / 4096.0);
  }
  for (const int num_lanes : kLaneCounts) {
    const Bytes payload = Encode(symbols, shape, channels, num_lanes);
    EXPECT_LT(8.0 * static_cast<double>(payload.size()),
              ideal_bits * 1.0005 + 8 + 32 * num_lanes);
  }
}

TEST(EntropyCoderTest, LanesFollowTheExpectedBytes) {
  const Channels channels = {WidestTable()};  // A byte per symbol.
  const std::vector<std::pair<int, int>> lanes_by_bytes = {
      {1, 1},    {1023, 1},  {1024, 4},   {4095, 4},   {4096, 8},
      {8191, 8}, {8192, 16}, {16383, 16}, {16384, 32}, {1638400, 32}};
  for (const auto& [num_bytes, num_lanes] : lanes_by_bytes) {
    EXPECT_EQ(NumLanesFor({1, 1, num_bytes}, channels), num_lanes) << num_bytes;
  }
}

TEST(EntropyCoderTest, LanesFollowTheSumOfTheChannels) {
  const Channels channels = {WidestTable(), MakeTable(0, {2048, 2048}),
                             MakeTable(0, {2048, 2048})};  // 10 bits together.
  EXPECT_EQ(NumLanesFor({3, 1, 819}, channels), 1);
  EXPECT_EQ(NumLanesFor({3, 1, 820}, channels), 4);
}

TEST(EntropyCoderTest, SymbolOutOfRangeIsInvalid) {
  const Channels channels = {WidestTable()};
  for (const int32_t bad :
       {kMaxSymbol + 1, -kMaxSymbol - 1, std::numeric_limits<int32_t>::max(),
        std::numeric_limits<int32_t>::min()}) {
    for (const int num_lanes : kLaneCounts) {
      EXPECT_THAT(TryEncode({0, bad}, RowShape(2), channels, num_lanes),
                  Fails(kInvalid, absl::StrCat("symbol ", bad)));
    }
  }
}

TEST(EntropyCoderTest, SizeMismatchIsInvalid) {
  const Channels channels = {MakeTable(0, {4095, 1})};
  EXPECT_THAT(TryEncode(Symbols(3), RowShape(4), channels, 1),
              Fails(kInvalid, "expected 4 elements"));
  EXPECT_THAT(TryEncode(Symbols(4), {2, 1, 2}, channels, 8),
              Fails(kInvalid, "expected tables for 2 channels, found 1"));
  EXPECT_THAT(Decode(Bytes(9), {2, 1, 2}, channels, 32),
              Fails(kInvalid, "expected tables for 2 channels, found 1"));
}

TEST(EntropyCoderTest, ShapeIsCheckedBeforeAnyWork) {
  const Channels channels(512, MakeTable(0, {4095, 1}));
  EXPECT_THAT(Decode(Bytes(9), {512, 4096, 4096}, channels, 1),
              Fails(StatusCode::kResourceExhausted, "elements"));
  EXPECT_THAT(Decode(Bytes(9), {512, 0, 1}, channels, 1),
              Fails(kInvalid, "height 0"));
}

TEST(EntropyCoderTest, PayloadOverItsLimitIsExhausted) {
  const Channels channels(64, MakeTable(0, {4095, 1}));
  const LatentShape shape{64, 160, 160};
  const Symbols symbols(shape.num_elements(), kMaxSymbol);
  for (const int num_lanes : {1, 32}) {
    EXPECT_THAT(TryEncode(symbols, shape, channels, num_lanes),
                Fails(StatusCode::kResourceExhausted, "exceeds 4194304"));
  }
}

TEST(EntropyCoderTest, EveryTruncationIsDataLoss) {
  for (const int num_lanes : kLaneCounts) {
    const Sample sample(num_lanes);
    const Bytes payload = sample.Payload();
    for (size_t size = 0; size < payload.size(); ++size) {
      // Its own allocation, so that a sanitizer sees a read behind the end.
      const Bytes head(payload.begin(), payload.begin() + size);
      EXPECT_THAT(sample.DecodeIt(head), Fails(kDataLoss, "")) << size;
    }
  }
}

TEST(EntropyCoderTest, MissingWordsAreDataLossThatNamesTheChannel) {
  const Channels channels(3, WidestTable());
  for (const int num_lanes : kLaneCounts) {
    Bytes payload = Encode(Symbols(192, 5), {3, 8, 8}, channels, num_lanes);
    payload.resize(payload.size() - 10);
    EXPECT_THAT(Decode(payload, {3, 8, 8}, channels, num_lanes),
                Fails(kDataLoss, "its 182 bytes of words end within channel 2"))
        << num_lanes;
  }
}

TEST(EntropyCoderTest, TrailingBytesAreDataLoss) {
  for (const int num_lanes : kLaneCounts) {
    const Sample sample(num_lanes);
    Bytes payload = sample.Payload();
    for (int num_bytes = 1; num_bytes < 100; ++num_bytes) {
      payload.push_back(0);
      EXPECT_THAT(sample.DecodeIt(payload),
                  Fails(kDataLoss, absl::StrCat(num_bytes, " bytes follow")));
    }
  }
}

TEST(EntropyCoderTest, AnotherShapeIsDataLoss) {
  for (const int num_lanes : kLaneCounts) {
    const Sample sample(num_lanes);
    const Bytes payload = sample.Payload();
    EXPECT_THAT(Decode(payload, {3, 4, 6}, sample.channels, num_lanes),
                Fails(kDataLoss, ""));
    EXPECT_THAT(Decode(payload, {3, 4, 4}, sample.channels, num_lanes),
                Fails(kDataLoss, ""));
  }
}

TEST(EntropyCoderTest, AnotherNumberOfLanesIsDataLoss) {
  for (const int written : kLaneCounts) {
    const Sample sample(written);
    const Bytes payload = sample.Payload();
    for (const int read : kLaneCounts) {
      if (read == written) continue;
      EXPECT_THAT(Decode(payload, sample.shape, sample.channels, read),
                  Fails(kDataLoss, ""));
    }
  }
}

// The decoder's verdict must not depend on what lies around the payload.
TEST(EntropyCoderTest, ReadsNothingAroundThePayload) {
  for (const int num_lanes : kLaneCounts) {
    const Sample sample(num_lanes);
    const Bytes payload = sample.Payload();
    for (const uint8_t magic : Bytes{0x00, 0x5a, 0xff}) {
      Bytes bracketed(payload.size() + 16, magic);
      std::copy(payload.begin(), payload.end(), bracketed.begin() + 8);
      const auto view = std::span<const uint8_t>(bracketed);
      const auto decoded = sample.DecodeIt(view.subspan(8, payload.size()));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(*decoded, sample.symbols);
      EXPECT_THAT(sample.DecodeIt(view.subspan(8, payload.size() - 1)),
                  Fails(kDataLoss, ""));
      EXPECT_THAT(sample.DecodeIt(view.subspan(8, payload.size() + 1)),
                  Fails(kDataLoss, "1 bytes follow the last symbol"));
    }
  }
}

TEST(EntropyCoderTest, InitialStateBelowTheBoundIsDataLossInAnyLane) {
  for (const int num_lanes : kLaneCounts) {
    const Sample sample(num_lanes);
    const Bytes payload = sample.Payload();
    const size_t states = 1 + payload[0];  // Behind the escape section.
    for (int lane = 0; lane < num_lanes; ++lane) {
      Bytes damaged = payload;
      const Bytes state = {0xff, 0xff, 0x00, 0x00};
      std::copy(state.begin(), state.end(),
                damaged.begin() + states + 4 * lane);
      EXPECT_THAT(sample.DecodeIt(damaged),
                  Fails(kDataLoss, "initial state 65535 is below 65536"));
    }
  }
}

TEST(EntropyCoderTest, WrongFinalStateIsDataLossInAnyLane) {
  const Channels channels = {MakeTable(0, {2048, 2048})};
  const Symbols symbols(5, 0);
  for (const int num_lanes : kLaneCounts) {
    const Bytes payload = Encode(symbols, RowShape(5), channels, num_lanes);
    for (int lane = 0; lane < num_lanes; ++lane) {
      Bytes damaged = payload;
      damaged[1 + 4 * lane] += 1;
      EXPECT_THAT(Decode(damaged, RowShape(5), channels, num_lanes),
                  Fails(kDataLoss, "final state 65537, expected 65536"));
    }
  }
}

// One channel with symbol 0 alone, whose one symbol is an escape; the section
// is then replaced by hand.
class EscapePayloadTest : public testing::TestWithParam<int> {
 protected:
  absl::StatusOr<Symbols> DecodeWith(Bytes section) {
    section.insert(section.end(), payload_.begin() + 3, payload_.end());
    return Decode(section, RowShape(1), channels_, GetParam());
  }

  const Channels channels_ = {MakeTable(0, {4095, 1})};
  // 02, two bytes for symbol 100, then the states.
  const Bytes payload_ = Encode({100}, RowShape(1), channels_, GetParam());
};

INSTANTIATE_TEST_SUITE_P(Lanes, EscapePayloadTest,
                         testing::ValuesIn(kLaneCounts));

TEST_P(EscapePayloadTest, SectionIsLengthAndVarints) {
  EXPECT_EQ(ToHex(std::span(payload_).first(3)), "02 c8 01");
  EXPECT_THAT(DecodeWith({0x02, 0xc8, 0x01}).value(), ElementsAre(100));
}

TEST_P(EscapePayloadTest, EscapeLongerThanItsSectionIsDataLoss) {
  EXPECT_THAT(DecodeWith({0x02, 0xc8, 0x81}), Fails(kDataLoss, "found 0"));
}

TEST_P(EscapePayloadTest, SectionLongerThanThePayloadIsDataLoss) {
  EXPECT_THAT(DecodeWith({0xff, 0xff, 0xff, 0x7f}),
              Fails(kDataLoss, "expected 268435455 more bytes"));
}

TEST_P(EscapePayloadTest, PaddedVarintIsDataLoss) {
  EXPECT_THAT(DecodeWith({0x02, 0xc8, 0x00}), Fails(kDataLoss, "shortest"));
  EXPECT_THAT(DecodeWith({0x82, 0x00, 0xc8, 0x01}),
              Fails(kDataLoss, "shortest"));
}

TEST_P(EscapePayloadTest, EndlessVarintIsDataLoss) {
  EXPECT_THAT(DecodeWith(Bytes(8, 0xff)), Fails(kDataLoss, "exceeds 4 bytes"));
}

TEST_P(EscapePayloadTest, EscapeOfASymbolInTheTableIsDataLoss) {
  EXPECT_THAT(DecodeWith({0x01, 0x00}), Fails(kDataLoss, "0 has a slot"));
}

TEST_P(EscapePayloadTest, EscapeBeyondTheMaximumIsDataLoss) {
  EXPECT_THAT(DecodeWith({0x03, 0xff, 0xff, 0x03}),
              Fails(kDataLoss, "symbol -32768 is outside +-32767"));
}

TEST_P(EscapePayloadTest, EscapesLeftOverAreDataLoss) {
  EXPECT_THAT(DecodeWith({0x03, 0xc8, 0x01, 0x02}),
              Fails(kDataLoss, "1 bytes follow the last escape"));
}

TEST_P(EscapePayloadTest, MissingEscapeIsDataLoss) {
  EXPECT_THAT(DecodeWith({0x00}),
              Fails(kDataLoss, "expected 1 more bytes, found 0"));
}

}  // namespace
}  // namespace sluice::codec
