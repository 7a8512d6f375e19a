#include "common/codec/escape_section.h"

#include <algorithm>

#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using Symbols = std::vector<int32_t>;
using Bytes = std::vector<uint8_t>;

constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr StatusCode kDataLoss = StatusCode::kDataLoss;

Bytes Varint(uint32_t value) {
  Bytes bytes;
  AppendVarint(value, bytes);
  return bytes;
}

absl::StatusOr<uint32_t> ReadOne(const Bytes& bytes) {
  base::ByteReader reader(bytes);
  return ReadVarint(reader);
}

TEST(VarintTest, LowestBitsComeFirst) {
  EXPECT_THAT(Varint(0), ElementsAre(0x00));
  EXPECT_THAT(Varint(127), ElementsAre(0x7f));
  EXPECT_THAT(Varint(128), ElementsAre(0x80, 0x01));
  EXPECT_THAT(Varint(300), ElementsAre(0xac, 0x02));
  EXPECT_THAT(Varint((1u << 28) - 1), ElementsAre(0xff, 0xff, 0xff, 0x7f));
}

TEST(VarintTest, EveryLengthRoundTrips) {
  for (int bits = 0; bits <= 28; ++bits) {
    const uint32_t value = (1u << bits) - 1;
    EXPECT_EQ(ReadOne(Varint(value)).value(), value);
    EXPECT_EQ(ReadOne(Varint(value / 3)).value(), value / 3);
  }
}

TEST(VarintTest, OnlyWhatAWriterWritesIsRead) {
  int num_read = 0;
  for (uint32_t pair = 0; pair < 65536; ++pair) {
    const Bytes bytes = {static_cast<uint8_t>(pair),
                         static_cast<uint8_t>(pair >> 8)};
    base::ByteReader reader(bytes);
    const absl::StatusOr<uint32_t> value = ReadVarint(reader);
    if (!value.ok()) continue;
    ++num_read;
    const Bytes written = Varint(*value);
    ASSERT_EQ(written.size(), bytes.size() - reader.remaining_bytes());
    ASSERT_TRUE(std::equal(written.begin(), written.end(), bytes.begin()));
  }
  EXPECT_EQ(num_read, 128 * 256 + 128 * 127);  // One byte; two.
}

TEST(VarintTest, TruncatedIsDataLoss) {
  EXPECT_THAT(ReadOne({}), Fails(kDataLoss, "expected 1 more bytes, found 0"));
  EXPECT_THAT(ReadOne({0x80}), Fails(kDataLoss, "found 0"));
  EXPECT_THAT(ReadOne({0xff, 0xff, 0xff}), Fails(kDataLoss, "found 0"));
}

TEST(VarintTest, PaddedIsDataLoss) {
  EXPECT_THAT(ReadOne({0x80, 0x00}),
              Fails(kDataLoss, "varint 0 is padded to 2 bytes"));
  EXPECT_THAT(ReadOne({0xff, 0x80, 0x80, 0x00}),
              Fails(kDataLoss, "varint 127 is padded to 4 bytes"));
}

TEST(VarintTest, MoreThanFourBytesAreDataLoss) {
  EXPECT_THAT(ReadOne({0x80, 0x80, 0x80, 0x80, 0x01}),
              Fails(kDataLoss, "exceeds 4 bytes"));
}

// A table with symbols -1 and 0, whose escape slot is in symbol 1's place.
class EscapeSectionTest : public testing::Test {
 protected:
  static constexpr int32_t kEscape = 1;

  absl::Status Append(const Symbols& symbols) {
    return AppendEscapes(symbols, cdf_, section_);
  }

  // What a lane decoder leaves of symbols, filled up from the section.
  absl::StatusOr<Symbols> FillWhatIsLeftOf(Symbols symbols) {
    for (int32_t& symbol : symbols) {
      if (symbol < -1 || symbol > 0) symbol = kEscape;
    }
    base::ByteReader reader(section_);
    const absl::Status status = FillEscapes(cdf_, reader, symbols);
    if (!status.ok()) return status;
    EXPECT_EQ(reader.remaining_bytes(), 0u);
    return symbols;
  }

  void ExpectRoundTrip(const Symbols& symbols) {
    section_.clear();
    ASSERT_TRUE(Append(symbols).ok());
    const absl::StatusOr<Symbols> filled = FillWhatIsLeftOf(symbols);
    ASSERT_TRUE(filled.ok()) << filled.status();
    EXPECT_EQ(*filled, symbols);
  }

  const QuantizedCdf cdf_ = MakeTable(-1, {100, 3900, 96}).cdf;
  Bytes section_;
};

TEST_F(EscapeSectionTest, HoldsZigzagVarintsInOrder) {
  ASSERT_TRUE(Append({0, 1, -1, -2, 0, 63, 64, -64, -65}).ok());
  EXPECT_EQ(ToHex(section_), "02 03 7e 80 01 7f 81 01");
}

TEST_F(EscapeSectionTest, AppendsBehindWhatIsThere) {
  ASSERT_TRUE(Append({1}).ok());
  ASSERT_TRUE(Append({}).ok());
  ASSERT_TRUE(Append({-1, 0}).ok());
  ASSERT_TRUE(Append({2}).ok());
  EXPECT_THAT(section_, ElementsAre(2, 4));
}

TEST_F(EscapeSectionTest, EveryPositionOfABlockRoundTrips) {
  for (const size_t size : {1u, 255u, 256u, 257u, 511u, 512u, 513u, 700u}) {
    SCOPED_TRACE(size);
    for (size_t position = 0; position < size; ++position) {
      Symbols symbols(size, 0);
      symbols[position] = static_cast<int32_t>(position) + 1;
      ExpectRoundTrip(symbols);
    }
  }
}

TEST_F(EscapeSectionTest, BothSidesOfEveryBlockEdgeRoundTrip) {
  Symbols symbols(1024, -1);
  for (size_t edge = 0; edge < symbols.size(); edge += 256) {
    symbols[edge] = 1000 + static_cast<int32_t>(edge);
    symbols[edge + 255] = -1000 - static_cast<int32_t>(edge);
  }
  ExpectRoundTrip(symbols);
  ExpectRoundTrip(Symbols(600, -kMaxSymbol));  // Nothing but escapes.
}

TEST_F(EscapeSectionTest, EverySymbolRoundTrips) {
  Symbols symbols;
  for (int32_t s = -kMaxSymbol; s <= kMaxSymbol; ++s) symbols.push_back(s);
  ExpectRoundTrip(symbols);
}

TEST_F(EscapeSectionTest, SymbolBeyondTheMaximumIsInvalidWhereverItIs) {
  for (const int32_t bad :
       {kMaxSymbol + 1, -kMaxSymbol - 1, INT32_MAX, INT32_MIN}) {
    for (const size_t position : {0u, 255u, 256u, 299u}) {
      Symbols symbols(300, 0);
      symbols[position] = bad;
      EXPECT_THAT(Append(symbols), Fails(kInvalid, "is outside +-32767"));
    }
  }
}

TEST_F(EscapeSectionTest, MissingEscapeIsDataLoss) {
  section_ = {0x02};
  EXPECT_THAT(FillWhatIsLeftOf({7, 0, 7}),
              Fails(kDataLoss, "expected 1 more bytes, found 0"));
}

TEST_F(EscapeSectionTest, EscapeWithASlotIsDataLoss) {
  section_ = {0x00};
  EXPECT_THAT(FillWhatIsLeftOf({7}), Fails(kDataLoss, "0 has a slot"));
  section_ = {0x01};
  EXPECT_THAT(FillWhatIsLeftOf({7}), Fails(kDataLoss, "-1 has a slot"));
}

TEST_F(EscapeSectionTest, EscapeBeyondTheMaximumIsDataLoss) {
  // Zigzag 65535 is -32768, 65536 is 32768; four full bytes are 2^28 - 1.
  section_ = {0xff, 0xff, 0x03};
  EXPECT_THAT(FillWhatIsLeftOf({7}), Fails(kDataLoss, "symbol -32768 is out"));
  section_ = {0x80, 0x80, 0x04};
  EXPECT_THAT(FillWhatIsLeftOf({7}), Fails(kDataLoss, "symbol 32768 is out"));
  section_ = {0xff, 0xff, 0xff, 0x7f};
  EXPECT_THAT(FillWhatIsLeftOf({7}), Fails(kDataLoss, "-134217728 is out"));
}

TEST_F(EscapeSectionTest, SymbolsWithoutEscapesNeedNoSection) {
  const Symbols symbols(300, -1);
  EXPECT_EQ(FillWhatIsLeftOf(symbols).value(), symbols);
}

}  // namespace
}  // namespace sluice::codec
