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

Bytes Encode(const Symbols& symbols, const LatentShape& shape,
             const Channels& channels) {
  const auto payload = EncodeSymbols(symbols, shape, channels);
  EXPECT_TRUE(payload.ok()) << payload.status();
  return payload.value_or(Bytes{});
}

void ExpectRoundTrip(const Symbols& symbols, const LatentShape& shape,
                     const Channels& channels) {
  const auto decoded =
      DecodeSymbols(Encode(symbols, shape, channels), shape, channels);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, symbols);
}

// Three channels of 4 x 5 with tables of unequal width; an escape now and then.
struct Sample {
  LatentShape shape{3, 4, 5};
  Channels channels = {MakeTable(-2, {1000, 9000, 45000, 10000, 500, 36}),
                       MakeTable(0, {65000, 536}),
                       MakeTable(-1, {30000, 5536, 29000, 1000})};
  Symbols symbols;

  explicit Sample(uint32_t seed) {
    std::mt19937 random(seed);
    for (size_t i = 0; i < shape.num_elements(); ++i) {
      const int32_t magnitude = 1 << (random() % 16);
      symbols.push_back(random() % 8 == 0
                            ? static_cast<int32_t>(random() % magnitude)
                            : static_cast<int32_t>(random() % 3) - 1);
    }
  }
};

TEST(EntropyCoderTest, OneElement) {
  const Channels channels = {MakeTable(0, {65535, 1})};
  EXPECT_THAT(Encode({0}, RowShape(1), channels),
              ElementsAre(0, 0x00, 0x01, 0x00, 0x01));
  ExpectRoundTrip({0}, RowShape(1), channels);
}

TEST(EntropyCoderTest, NearCertainSymbolsCostAlmostNothing) {
  const Channels channels = {MakeTable(0, {65535, 1})};
  const Symbols symbols(100000, 0);
  const LatentShape shape{1, 100, 1000};
  EXPECT_EQ(Encode(symbols, shape, channels).size(), 5u);
  ExpectRoundTrip(symbols, shape, channels);
}

TEST(EntropyCoderTest, LeastProbableSymbols) {
  const Channels channels = {MakeTable(-1, {1, 65533, 1, 1})};
  ExpectRoundTrip({-1, 1, -1, -1, 1, 1, 0, -1}, RowShape(8), channels);
}

TEST(EntropyCoderTest, AllEscapes) {
  const Channels channels = {MakeTable(0, {65535, 1})};
  ExpectRoundTrip({1, -1, 63, 64, -64, -65, 8191, 8192, -8193}, RowShape(9),
                  channels);
}

TEST(EntropyCoderTest, MaximalSymbols) {
  const Symbols symbols = {kMaxSymbol, -kMaxSymbol, 0, -kMaxSymbol, kMaxSymbol};
  ExpectRoundTrip(symbols, RowShape(5), {MakeTable(0, {65535, 1})});
  ExpectRoundTrip(symbols, RowShape(5), {MakeTable(kMaxSymbol, {1, 65535})});
  ExpectRoundTrip(symbols, RowShape(5), {MakeTable(-kMaxSymbol, {65535, 1})});
}

TEST(EntropyCoderTest, WidestTableCodesTwoBytesPerSymbol) {
  const Channels channels = {WidestTable()};
  Symbols symbols;
  for (int32_t s = -kMaxSymbol; s <= kMaxSymbol; s += 13) symbols.push_back(s);
  symbols.back() = kMaxSymbol;
  const LatentShape shape{1, 2, static_cast<int>(symbols.size() / 2)};
  symbols.resize(shape.num_elements());
  EXPECT_EQ(Encode(symbols, shape, channels).size(), 2 * symbols.size() + 5);
  ExpectRoundTrip(symbols, shape, channels);
}

TEST(EntropyCoderTest, LargestLatent) {
  const Channels channels(64, MakeTable(-1, {1000, 63000, 1000, 536}));
  const LatentShape shape{64, 160, 160};
  Symbols symbols(shape.num_elements(), 0);
  symbols.front() = -1;
  symbols.back() = 77;
  ExpectRoundTrip(symbols, shape, channels);
}

TEST(EntropyCoderTest, RandomSymbols) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Sample sample(seed);
    ExpectRoundTrip(sample.symbols, sample.shape, sample.channels);
  }
}

TEST(EntropyCoderTest, PayloadIsCloseToTheEntropy) {
  const std::vector<uint32_t> frequencies = {300,  2000, 9000, 40000,
                                             9000, 4000, 1200, 36};
  const Channels channels = {MakeTable(-3, frequencies)};
  std::mt19937 random(11);
  Symbols symbols;
  double ideal_bits = 0;
  const LatentShape shape{1, 100, 200};
  while (symbols.size() < shape.num_elements()) {
    const unsigned long code = random() % 65500;
    size_t slot = 0;
    while (channels[0].cdf.cdf()[slot + 1] <= code) ++slot;
    symbols.push_back(static_cast<int32_t>(slot) - 3);
    ideal_bits -= std::log2(frequencies[slot] / 65536.0);
  }
  const double payload_bits =
      8.0 * static_cast<double>(Encode(symbols, shape, channels).size());
  EXPECT_LT(payload_bits, ideal_bits * 1.001 + 48);
}

TEST(EntropyCoderTest, SymbolOutOfRangeIsInvalid) {
  const Channels channels = {WidestTable()};
  for (const int32_t bad :
       {kMaxSymbol + 1, -kMaxSymbol - 1, std::numeric_limits<int32_t>::max(),
        std::numeric_limits<int32_t>::min()}) {
    EXPECT_THAT(EncodeSymbols(Symbols{0, bad}, RowShape(2), channels),
                Fails(kInvalid, absl::StrCat("symbol ", bad)));
  }
}

TEST(EntropyCoderTest, SizeMismatchIsInvalid) {
  const Channels channels = {MakeTable(0, {65535, 1})};
  EXPECT_THAT(EncodeSymbols(Symbols(3), RowShape(4), channels),
              Fails(kInvalid, "expected 4 elements"));
  EXPECT_THAT(EncodeSymbols(Symbols(4), {2, 1, 2}, channels),
              Fails(kInvalid, "expected tables for 2 channels, found 1"));
  EXPECT_THAT(DecodeSymbols(Bytes(9), {2, 1, 2}, channels),
              Fails(kInvalid, "expected tables for 2 channels, found 1"));
}

TEST(EntropyCoderTest, ShapeIsCheckedBeforeAnyWork) {
  const Channels channels(512, MakeTable(0, {65535, 1}));
  EXPECT_THAT(DecodeSymbols(Bytes(9), {512, 4096, 4096}, channels),
              Fails(StatusCode::kResourceExhausted, "elements"));
  EXPECT_THAT(DecodeSymbols(Bytes(9), {512, 0, 1}, channels),
              Fails(kInvalid, "height 0"));
}

TEST(EntropyCoderTest, PayloadOverItsLimitIsExhausted) {
  const Channels channels(64, MakeTable(0, {65535, 1}));
  const LatentShape shape{64, 160, 160};
  EXPECT_THAT(
      EncodeSymbols(Symbols(shape.num_elements(), kMaxSymbol), shape, channels),
      Fails(StatusCode::kResourceExhausted, "exceeds 4194304"));
}

TEST(EntropyCoderTest, EveryTruncationIsDataLoss) {
  const Sample sample(3);
  const Bytes payload = Encode(sample.symbols, sample.shape, sample.channels);
  for (size_t size = 0; size < payload.size(); ++size) {
    // Its own allocation, so that a sanitizer sees a read behind the end.
    const Bytes head(payload.begin(), payload.begin() + size);
    EXPECT_THAT(DecodeSymbols(head, sample.shape, sample.channels),
                Fails(kDataLoss, ""))
        << size;
  }
}

// A changed payload may be another valid one, but never one that only the
// decoder understands.
TEST(EntropyCoderTest, EveryBitFlipIsAnErrorOrAnotherEncodersPayload) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const Sample sample(seed);
    Bytes payload = Encode(sample.symbols, sample.shape, sample.channels);
    for (size_t bit = 0; bit < 8 * payload.size(); ++bit) {
      const uint8_t mask = static_cast<uint8_t>(1u << (bit % 8));
      payload[bit / 8] ^= mask;
      const auto decoded =
          DecodeSymbols(payload, sample.shape, sample.channels);
      if (decoded.ok()) {
        EXPECT_NE(*decoded, sample.symbols);
        EXPECT_EQ(Encode(*decoded, sample.shape, sample.channels), payload);
      } else {
        EXPECT_EQ(decoded.status().code(), kDataLoss);
      }
      payload[bit / 8] ^= mask;
    }
  }
}

TEST(EntropyCoderTest, RandomBytesAreDataLossOrAnEncodersPayload) {
  const Channels channels = {MakeTable(-1, {20000, 20000, 20000, 5536})};
  std::mt19937 random(5);
  int num_decoded = 0;
  for (int i = 0; i < 200000; ++i) {
    Bytes payload(5 + random() % 4);
    for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random());
    payload[0] = static_cast<uint8_t>(random() % 3);
    const auto decoded = DecodeSymbols(payload, RowShape(4), channels);
    if (!decoded.ok()) {
      ASSERT_EQ(decoded.status().code(), kDataLoss);
      continue;
    }
    ++num_decoded;
    ASSERT_EQ(Encode(*decoded, RowShape(4), channels), payload);
  }
  EXPECT_LT(num_decoded, 10);  // The final state is a check of 24 bits.
}

TEST(EntropyCoderTest, TrailingBytesAreDataLoss) {
  const Sample sample(4);
  Bytes payload = Encode(sample.symbols, sample.shape, sample.channels);
  payload.push_back(0);
  EXPECT_THAT(DecodeSymbols(payload, sample.shape, sample.channels),
              Fails(kDataLoss, "1 bytes follow the last symbol"));
}

TEST(EntropyCoderTest, AnotherShapeIsDataLoss) {
  const Sample sample(4);
  const Bytes payload = Encode(sample.symbols, sample.shape, sample.channels);
  EXPECT_THAT(DecodeSymbols(payload, {3, 4, 6}, sample.channels),
              Fails(kDataLoss, ""));
  EXPECT_THAT(DecodeSymbols(payload, {3, 4, 4}, sample.channels),
              Fails(kDataLoss, ""));
}

// The decoder's verdict must not depend on what lies around the payload.
TEST(EntropyCoderTest, ReadsNothingAroundThePayload) {
  const Sample sample(6);
  const Bytes payload = Encode(sample.symbols, sample.shape, sample.channels);
  for (const uint8_t magic : Bytes{0x00, 0x5a, 0xff}) {
    Bytes bracketed(payload.size() + 16, magic);
    std::copy(payload.begin(), payload.end(), bracketed.begin() + 8);
    const auto view = std::span<const uint8_t>(bracketed);
    const auto decoded = DecodeSymbols(view.subspan(8, payload.size()),
                                       sample.shape, sample.channels);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, sample.symbols);
    EXPECT_THAT(DecodeSymbols(view.subspan(8, payload.size() - 1), sample.shape,
                              sample.channels),
                Fails(kDataLoss, "expected 1 more bytes, found 0"));
  }
}

// One channel with symbol 0 alone; the payload of an escape by hand.
struct EscapeSample {
  Channels channels = {MakeTable(0, {65535, 1})};
  Bytes payload;  // 02, two bytes for symbol 100, then the state.

  EscapeSample() : payload(Encode({100}, RowShape(1), channels)) {}
  absl::StatusOr<Symbols> Decode() const {
    return DecodeSymbols(payload, RowShape(1), channels);
  }
};

TEST(EntropyCoderTest, EscapeSectionIsLengthAndVarints) {
  const EscapeSample sample;
  ASSERT_GE(sample.payload.size(), 3u);
  EXPECT_EQ(sample.payload[0], 2);
  EXPECT_EQ(sample.payload[1], 0xc8);
  EXPECT_EQ(sample.payload[2], 0x01);
  EXPECT_THAT(sample.Decode().value(), ElementsAre(100));
}

TEST(EntropyCoderTest, EscapeLongerThanItsSectionIsDataLoss) {
  EscapeSample sample;
  sample.payload[2] = 0x81;
  EXPECT_THAT(sample.Decode(), Fails(kDataLoss, ""));
}

TEST(EntropyCoderTest, EscapeSectionLongerThanThePayloadIsDataLoss) {
  EscapeSample sample;
  sample.payload[0] = 0x7f;
  EXPECT_THAT(sample.Decode(), Fails(kDataLoss, "expected 127 more bytes"));
}

TEST(EntropyCoderTest, PaddedVarintIsDataLoss) {
  EscapeSample sample;
  sample.payload[2] = 0x00;
  EXPECT_THAT(sample.Decode(), Fails(kDataLoss, "shortest form"));
  EscapeSample padded_length;
  padded_length.payload[0] = 0x82;
  padded_length.payload.insert(padded_length.payload.begin() + 1, 0x00);
  EXPECT_THAT(padded_length.Decode(), Fails(kDataLoss, "shortest form"));
}

TEST(EntropyCoderTest, EndlessVarintIsDataLoss) {
  EscapeSample sample;
  std::fill(sample.payload.begin(), sample.payload.end(), uint8_t{0xff});
  EXPECT_THAT(sample.Decode(), Fails(kDataLoss, "exceeds 4 bytes"));
}

TEST(EntropyCoderTest, EscapeOfASymbolInTheTableIsDataLoss) {
  EscapeSample sample;
  sample.payload[0] = 1;
  sample.payload[1] = 0;
  sample.payload.erase(sample.payload.begin() + 2);
  EXPECT_THAT(sample.Decode(), Fails(kDataLoss, "0 has a slot in its table"));
}

TEST(EntropyCoderTest, EscapeBeyondTheMaximumIsDataLoss) {
  // Zigzag 65535 is -32768, 65536 is 32768; four full bytes are 2^28 - 1.
  const std::vector<Bytes> varints = {
      {0xff, 0xff, 0x03}, {0x80, 0x80, 0x04}, {0xff, 0xff, 0xff, 0x7f}};
  for (const Bytes& varint : varints) {
    EscapeSample sample;
    sample.payload.erase(sample.payload.begin(), sample.payload.begin() + 3);
    sample.payload.insert(sample.payload.begin(), varint.begin(), varint.end());
    sample.payload.insert(sample.payload.begin(),
                          static_cast<uint8_t>(varint.size()));
    EXPECT_THAT(sample.Decode(), Fails(kDataLoss, "is outside +-32767"));
  }
}

TEST(EntropyCoderTest, EscapesLeftOverAreDataLoss) {
  EscapeSample sample;
  sample.payload[0] = 3;
  sample.payload.insert(sample.payload.begin() + 3, 0x02);
  EXPECT_THAT(sample.Decode(),
              Fails(kDataLoss, "1 bytes follow the last escape"));
}

TEST(EntropyCoderTest, MissingEscapeIsDataLoss) {
  EscapeSample sample;
  sample.payload[0] = 0;
  sample.payload.erase(sample.payload.begin() + 1, sample.payload.begin() + 3);
  EXPECT_THAT(sample.Decode(),
              Fails(kDataLoss, "expected 1 more bytes, found 0"));
}

TEST(EntropyCoderTest, InitialStateBelowTheBoundIsDataLoss) {
  EXPECT_THAT(DecodeSymbols(Bytes{0, 0xff, 0xff, 0xff, 0x00}, RowShape(1),
                            Channels{MakeTable(0, {65535, 1})}),
              Fails(kDataLoss, "initial state 16777215 is below 16777216"));
}

TEST(EntropyCoderTest, WrongFinalStateIsDataLoss) {
  EXPECT_THAT(DecodeSymbols(Bytes{0, 0x01, 0x01, 0x00, 0x01}, RowShape(1),
                            Channels{MakeTable(0, {65535, 1})}),
              Fails(kDataLoss, "final state 16777217, expected 16777216"));
}

}  // namespace
}  // namespace sluice::codec
