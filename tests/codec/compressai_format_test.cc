#include "common/codec/compressai_format.h"

#include <deque>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using Bytes = std::vector<uint8_t>;
using Ints = std::vector<int32_t>;
using Tables = std::vector<CompressAiTable>;

constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr StatusCode kDataLoss = StatusCode::kDataLoss;
constexpr int32_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int32_t kInt32Min = std::numeric_limits<int32_t>::min();

CompressAiTable Table(const Ints& cdf, int32_t offset) {
  return CompressAiTable::Create(cdf, static_cast<int32_t>(cdf.size()), offset)
      .value();
}

Bytes FromHex(const std::string& hex) {
  Bytes bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(
        static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// Every slot one code wide: 65,535 symbols and the escape.
CompressAiTable WidestCompressAiTable() {
  Ints cdf(65537);
  for (size_t i = 0; i < cdf.size(); ++i) cdf[i] = static_cast<int32_t>(i);
  return Table(cdf, -32767);
}

struct Sample {
  Tables tables;
  Ints table_index;
  Ints symbols;
};

absl::StatusOr<Bytes> TryEncode(const Sample& sample) {
  CompressAiEncoder encoder;
  Bytes string;
  const absl::Status status =
      encoder.Encode(sample.symbols, sample.table_index, sample.tables, string);
  if (!status.ok()) return status;
  return string;
}

Bytes Encode(const Sample& sample) {
  const auto string = TryEncode(sample);
  EXPECT_TRUE(string.ok()) << string.status();
  return string.value_or(Bytes{});
}

absl::StatusOr<Ints> Decode(const Bytes& string, const Sample& sample) {
  Ints symbols(sample.table_index.size());
  const absl::Status status =
      DecodeCompressAi(string, sample.table_index, sample.tables, symbols);
  if (!status.ok()) return status;
  return symbols;
}

void ExpectRoundTrip(const Sample& sample) {
  const auto decoded = Decode(Encode(sample), sample);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, sample.symbols);
}

// The format once more, straight from its description and independent of the
// production code: every step takes a part [start, start + freq) of 2^bits.
struct Step {
  uint64_t start;
  uint64_t freq;
  int bits;
};

Step Nibble(uint64_t value) { return {value, 1, 4}; }

Step Slot(const CompressAiTable& table, size_t slot) {
  return {table.cdf()[slot], table.cdf()[slot + 1] - table.cdf()[slot], 16};
}

std::vector<Step> StepsOf(const CompressAiTable& table, int64_t symbol) {
  const int64_t max = static_cast<int64_t>(table.cdf().size()) - 2;
  const int64_t v = symbol - table.offset();
  if (v >= 0 && v < max) return {Slot(table, v)};
  std::vector<Step> steps = {Slot(table, max)};
  const int64_t raw = v >= max ? 2 * (v - max) : -2 * v - 1;
  int num_nibbles = 0;
  while (raw >> (4 * num_nibbles) != 0) ++num_nibbles;
  int count = num_nibbles;
  for (; count >= 15; count -= 15) steps.push_back(Nibble(15));
  steps.push_back(Nibble(count));
  for (int i = 0; i < num_nibbles; ++i) {
    steps.push_back(Nibble(raw >> (4 * i) & 15));
  }
  return steps;
}

Bytes RunSteps(const std::vector<Step>& steps, uint64_t state = 1ull << 31) {
  std::deque<uint64_t> words;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (state >= step->freq << (63 - step->bits)) {
      words.push_front(state % (1ull << 32));
      state /= 1ull << 32;
    }
    state = state / step->freq * (1ull << step->bits) + step->start +
            state % step->freq;
  }
  words.push_front(state / (1ull << 32));
  words.push_front(state % (1ull << 32));
  Bytes string;
  for (const uint64_t word : words) {
    for (const int place : {1, 256, 65536, 16777216}) {
      string.push_back(static_cast<uint8_t>(word / place % 256));
    }
  }
  return string;
}

std::vector<Step> AllSteps(const Sample& sample) {
  std::vector<Step> steps;
  for (size_t i = 0; i < sample.symbols.size(); ++i) {
    const auto more =
        StepsOf(sample.tables[sample.table_index[i]], sample.symbols[i]);
    steps.insert(steps.end(), more.begin(), more.end());
  }
  return steps;
}

// 0 .. end - 1. One draw per statement: the order of two in one is the
// compiler's choice.
int32_t Draw(std::mt19937& random, uint32_t end) {
  return static_cast<int32_t>(random() % end);
}

// Distinct cuts of every magnitude, near 0 or near 65536.
CompressAiTable RandomTable(std::mt19937& random) {
  const uint32_t most_slots = Draw(random, 16) == 0 ? 300 : 10;
  const size_t num_slots = 2 + Draw(random, most_slots);
  std::set<int32_t> cuts = {0, 65536};
  while (cuts.size() < num_slots + 1) {
    const int shift = Draw(random, 16);
    const int32_t cut = 1 + (Draw(random, 65535) >> shift);
    cuts.insert(Draw(random, 2) == 0 ? cut : 65536 - cut);
  }
  return Table({cuts.begin(), cuts.end()}, Draw(random, 201) - 100);
}

int32_t RandomSymbol(const CompressAiTable& table, std::mt19937& random) {
  const int32_t last = table.offset() + table.num_symbols() - 1;
  if (Draw(random, 8) != 0) return last - Draw(random, table.num_symbols());
  const int bits = Draw(random, 28);
  const int32_t distance = 1 + Draw(random, 1u << bits);
  return Draw(random, 2) == 0 ? table.offset() - distance : last + distance;
}

Sample RandomSample(uint32_t seed) {
  std::mt19937 random(seed);
  Sample sample;
  const int32_t num_tables = 1 + Draw(random, 4);
  for (int32_t t = 0; t < num_tables; ++t) {
    sample.tables.push_back(RandomTable(random));
  }
  const int32_t num_symbols = Draw(random, 40);
  for (int32_t i = 0; i < num_symbols; ++i) {
    const int32_t table = Draw(random, num_tables);
    sample.table_index.push_back(table);
    sample.symbols.push_back(RandomSymbol(sample.tables[table], random));
  }
  return sample;
}

// The two tables of the golden strings.
Tables GoldenTables() {
  return {Table({0, 20000, 45000, 60000, 65536}, -1),
          Table({0, 1, 32768, 65530, 65536}, -2)};
}

// Made by CompressAI's own coder.
void ExpectGolden(const Ints& symbols, const Ints& table_index,
                  const std::string& hex) {
  const Sample sample{GoldenTables(), table_index, symbols};
  EXPECT_EQ(Encode(sample), FromHex(hex));
  const auto decoded = Decode(FromHex(hex), sample);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, symbols);
}

TEST(CompressAiFormatTest, GoldenStrings) {
  ExpectGolden({0, 1, -1, 0, 2, 0, 1, 0}, Ints(8, 0), "386ab59ec0440400");
  ExpectGolden({0, 0, 5, -7, 100, -2, 0, 1}, {0, 0, 0, 0, 1, 1, 1, 1},
               "89a83f6890c11a00ebff5f7604892cac");
  ExpectGolden({100000, -100000, 0, 0, 0, 0, 0, 0}, {0, 1, 0, 1, 0, 1, 0, 1},
               "e5fb2a408e000000d330faffb5d33018");
}

TEST(CompressAiFormatTest, NoSymbolsAreTheInitialState) {
  const Sample sample{GoldenTables(), {}, {}};
  EXPECT_EQ(Encode(sample), FromHex("0000008000000000"));
  ExpectRoundTrip(sample);
}

// More words than symbols: two for the state, one that it cannot hold.
TEST(CompressAiFormatTest, OneAndTwoRareSymbols) {
  Sample sample{{Table({0, 1, 65535, 65536}, 0)}, {0}, {0}};
  EXPECT_EQ(Encode(sample), FromHex("0000000000800000"));
  ExpectRoundTrip(sample);
  sample = {sample.tables, {0, 0}, {0, 0}};
  EXPECT_EQ(Encode(sample), FromHex("000000800000000000000000"));
  ExpectRoundTrip(sample);
}

TEST(CompressAiFormatTest, TwoSlotTable) {
  for (const int32_t cut : {1, 32768, 65535}) {
    ExpectRoundTrip(
        {{Table({0, cut, 65536}, 7)}, Ints(9, 0), {7, 7, 7, 8, 6, 7, 9, 5, 7}});
  }
}

TEST(CompressAiFormatTest, WidestTable) {
  Sample sample{{WidestCompressAiTable()}, {}, {}};
  for (int32_t s = -32780; s <= 32780; s += 11) sample.symbols.push_back(s);
  sample.symbols.insert(sample.symbols.end(), {-32768, -32767, 32767, 32768});
  sample.table_index.resize(sample.symbols.size(), 0);
  EXPECT_EQ(Encode(sample), RunSteps(AllSteps(sample)));
  ExpectRoundTrip(sample);
}

TEST(CompressAiFormatTest, FirstSymbolAboveTheTableIsAnEscapeWithoutNibbles) {
  const Sample sample{{Table({0, 65535, 65536}, 0)}, {0}, {1}};
  EXPECT_EQ(Encode(sample), RunSteps({{65535, 1, 16}, Nibble(0)}));
  ExpectRoundTrip(sample);
}

TEST(CompressAiFormatTest, RandomSymbolsAreCodedAsTheFormatSays) {
  for (uint32_t seed = 0; seed < 20000; ++seed) {
    SCOPED_TRACE(seed);
    const Sample sample = RandomSample(seed);
    const Bytes string = Encode(sample);
    ASSERT_EQ(string, RunSteps(AllSteps(sample)));
    const auto decoded = Decode(string, sample);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(*decoded, sample.symbols);
  }
}

TEST(CompressAiFormatTest, FarthestSymbolsOfTheFarthestTables) {
  for (const int32_t offset : {-kMaxCompressAiOffset, kMaxCompressAiOffset}) {
    const Sample sample{{Table({0, 30000, 60000, 65536}, offset)},
                        {0, 0, 0, 0},
                        {offset - kMaxCompressAiDistance, offset, offset + 1,
                         offset + 1 + kMaxCompressAiDistance}};
    EXPECT_EQ(Encode(sample), RunSteps(AllSteps(sample)));
    ExpectRoundTrip(sample);
  }
}

TEST(CompressAiFormatTest, AnEncoderStartsAfreshAndKeepsItsString) {
  CompressAiEncoder encoder;
  Bytes string;
  string.reserve(1000);
  const uint8_t* const memory = string.data();
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const Sample sample = RandomSample(seed);
    EXPECT_FALSE(
        encoder.Encode(Ints{0, 0}, Ints{0, 9}, sample.tables, string).ok());
    ASSERT_TRUE(
        encoder
            .Encode(sample.symbols, sample.table_index, sample.tables, string)
            .ok());
    EXPECT_EQ(string, Encode(sample));
    EXPECT_EQ(string.data(), memory);
  }
}

TEST(CompressAiFormatTest, PaddingOfATableIsNotLookedAt) {
  const auto table =
      CompressAiTable::Create(Ints{0, 9, 65536, 0, -5}, 3, -1).value();
  EXPECT_THAT(table.cdf(), ElementsAre(0, 9, 65536));
  EXPECT_EQ(table.num_symbols(), 1);
  EXPECT_EQ(table.offset(), -1);
}

TEST(CompressAiFormatTest, InvalidTables) {
  const auto create = [](const Ints& cdf, int32_t length, int32_t offset) {
    return CompressAiTable::Create(cdf, length, offset);
  };
  EXPECT_THAT(create({0, 1, 65536}, 4, 0),
              Fails(kInvalid, "CDF length 4, expected 3 to 3"));
  EXPECT_THAT(create({0, 65536}, 2, 0), Fails(kInvalid, "CDF length 2"));
  EXPECT_THAT(create({0, 1, 65536}, -3, 0), Fails(kInvalid, "CDF length -3"));
  EXPECT_THAT(create({}, 3, 0), Fails(kInvalid, "CDF length 3"));
  EXPECT_THAT(create({1, 2, 65536}, 3, 0),
              Fails(kInvalid, "CDF goes from 1 to 65536, expected 0 to 65536"));
  EXPECT_THAT(create({0, 2, 65535}, 3, 0), Fails(kInvalid, "0 to 65535"));
  EXPECT_THAT(create({0, 2, 65536, 0}, 4, 0), Fails(kInvalid, "0 to 0"));
  EXPECT_THAT(create({0, 7, 7, 65536}, 4, 0),
              Fails(kInvalid, "CDF entry 2 is 7, expected more than 7"));
  EXPECT_THAT(create({0, 7, -7, 65536}, 4, 0),
              Fails(kInvalid, "entry 2 is -7"));
  EXPECT_THAT(create({0, 65537, 65536}, 3, 0), Fails(kInvalid, "entry 2"));
  EXPECT_THAT(create({0, 1, 65536}, 3, kMaxCompressAiOffset + 1),
              Fails(kInvalid, "offset 1073741825 is outside +-1073741824"));
  EXPECT_THAT(create({0, 1, 65536}, 3, kInt32Min), Fails(kInvalid, "offset -"));
}

TEST(CompressAiFormatTest, TooFarSymbolIsInvalid) {
  const auto encode = [](int32_t symbol) {
    return TryEncode({GoldenTables(), {0, 0}, {0, symbol}});
  };
  EXPECT_THAT(encode(1 + kMaxCompressAiDistance + 1),
              Fails(kInvalid,
                    "symbol 134217730 at position 1 is more than 134217728 "
                    "away from its table of -1 to 1"));
  EXPECT_THAT(encode(-1 - kMaxCompressAiDistance - 1),
              Fails(kInvalid, "symbol -134217730"));
  EXPECT_THAT(encode(kInt32Max), Fails(kInvalid, "symbol 2147483647"));
  EXPECT_THAT(encode(kInt32Min), Fails(kInvalid, "symbol -2147483648"));
}

TEST(CompressAiFormatTest, TableIndexOutOfRangeIsInvalid) {
  for (const int32_t index : {-1, 2, kInt32Max, kInt32Min}) {
    const Sample sample{GoldenTables(), {0, index}, {0, 0}};
    const std::string message = absl::StrCat(
        "table index ", index, " at position 1, expected one of 2");
    EXPECT_THAT(TryEncode(sample), Fails(kInvalid, message));
    EXPECT_THAT(Decode(FromHex("386ab59ec0440400"), sample),
                Fails(kInvalid, message));
  }
  EXPECT_THAT(TryEncode({{}, {0}, {0}}), Fails(kInvalid, "one of 0 tables"));
}

TEST(CompressAiFormatTest, SizeMismatchIsInvalid) {
  const std::string message = "index for each of 3 symbols, found 2";
  const Sample sample{GoldenTables(), {0, 0}, {0, 0, 0}};
  EXPECT_THAT(TryEncode(sample), Fails(kInvalid, message));
  Ints symbols(3);
  EXPECT_THAT(DecodeCompressAi(FromHex("386ab59ec0440400"), sample.table_index,
                               sample.tables, symbols),
              Fails(kInvalid, message));
}

TEST(CompressAiFormatTest, TooManySymbolsAreExhausted) {
  const Ints zeros(kMaxCompressAiSymbols + 1, 0);
  const Sample sample{GoldenTables(), zeros, zeros};
  EXPECT_THAT(TryEncode(sample), Fails(StatusCode::kResourceExhausted,
                                       "4194305 symbols exceed 4194304"));
  EXPECT_THAT(Decode(Bytes(8), sample),
              Fails(StatusCode::kResourceExhausted, "exceed 4194304"));
}

TEST(CompressAiFormatTest, EveryTruncationIsDataLoss) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const Sample sample = RandomSample(seed);
    const Bytes string = Encode(sample);
    for (size_t size = 0; size < string.size(); ++size) {
      // Its own allocation, so that a sanitizer sees a read behind the end.
      const Bytes head(string.begin(), string.begin() + size);
      const bool whole_words = size >= 8 && size % 4 == 0;
      EXPECT_THAT(Decode(head, sample),
                  Fails(kDataLoss, whole_words ? "end before the last symbol"
                                               : "expected a multiple of 4"));
    }
  }
}

// A changed string may be another valid one, but never one that only the
// decoder understands.
void ExpectErrorOrAnEncodersString(const Bytes& string, const Sample& sample) {
  const auto decoded = Decode(string, sample);
  if (decoded.ok()) {
    EXPECT_EQ(Encode({sample.tables, sample.table_index, *decoded}), string);
  } else {
    EXPECT_EQ(decoded.status().code(), kDataLoss);
  }
}

TEST(CompressAiFormatTest, EveryBitFlipIsAnErrorOrAnotherEncodersString) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const Sample sample = RandomSample(seed);
    Bytes string = Encode(sample);
    for (size_t bit = 0; bit < 8 * string.size(); ++bit) {
      const uint8_t mask = static_cast<uint8_t>(1u << (bit % 8));
      string[bit / 8] ^= mask;
      ExpectErrorOrAnEncodersString(string, sample);
      string[bit / 8] ^= mask;
    }
  }
}

TEST(CompressAiFormatTest, RandomBytesAreDataLossOrAnEncodersString) {
  std::mt19937 random(3);
  for (uint32_t seed = 0; seed < 5000; ++seed) {
    SCOPED_TRACE(seed);
    Bytes string(8 + 4 * (random() % 30));
    for (uint8_t& byte : string) byte = static_cast<uint8_t>(random());
    string[7] &= 0x7f;
    ExpectErrorOrAnEncodersString(string, RandomSample(seed));
  }
}

TEST(CompressAiFormatTest, TrailingWordsAreDataLoss) {
  const Sample sample = RandomSample(7);
  Bytes string = Encode(sample);
  string.insert(string.end(), 8, 0);
  EXPECT_THAT(Decode(string, sample),
              Fails(kDataLoss, "8 bytes follow the last symbol"));
}

// The verdict must not depend on what lies around the string.
TEST(CompressAiFormatTest, ReadsNothingAroundTheString) {
  const Sample sample{GoldenTables(), Ints(9, 1), {0, 3, 1, 0, -9, 4, 0, 0, 7}};
  const Bytes string = Encode(sample);
  ASSERT_GE(string.size(), 12u);
  Ints symbols(sample.symbols.size());
  for (const uint8_t magic : Bytes{0x00, 0x5a, 0xff}) {
    Bytes bracketed(string.size() + 16, magic);
    std::copy(string.begin(), string.end(), bracketed.begin() + 8);
    const auto view = std::span<const uint8_t>(bracketed);
    ASSERT_TRUE(DecodeCompressAi(view.subspan(8, string.size()),
                                 sample.table_index, sample.tables, symbols)
                    .ok());
    EXPECT_EQ(symbols, sample.symbols);
    EXPECT_THAT(DecodeCompressAi(view.subspan(8, string.size() - 4),
                                 sample.table_index, sample.tables, symbols),
                Fails(kDataLoss, "end before the last symbol"));
  }
}

TEST(CompressAiFormatTest, StatesOutOfRangeAreDataLoss) {
  const Sample empty{GoldenTables(), {}, {}};
  EXPECT_THAT(
      Decode(FromHex("ffffff7f00000000"), empty),
      Fails(kDataLoss, "initial state 2147483647, expected 2147483648"));
  EXPECT_THAT(Decode(FromHex("0000000000000080"), empty),
              Fails(kDataLoss, "initial state 9223372036854775808"));
  EXPECT_THAT(Decode(FromHex("0100008000000000"), empty),
              Fails(kDataLoss, "final state 2147483649, expected 2147483648"));
  const Sample one{GoldenTables(), {0}, {0}};
  EXPECT_THAT(Decode(RunSteps(AllSteps(one), 0x80000005), one),
              Fails(kDataLoss, "final state 2147483653"));
}

// What follows the escape slot of one symbol, by hand.
absl::StatusOr<Ints> DecodeEscape(const std::vector<uint64_t>& nibbles) {
  const Sample sample{GoldenTables(), {0}, {0}};
  std::vector<Step> steps = {Slot(sample.tables[0], 3)};
  for (const uint64_t nibble : nibbles) steps.push_back(Nibble(nibble));
  return Decode(RunSteps(steps), sample);
}

TEST(CompressAiFormatTest, EscapesByHand) {
  EXPECT_THAT(DecodeEscape({0}).value(), ElementsAre(2));
  EXPECT_THAT(DecodeEscape({1, 1}).value(), ElementsAre(-2));
  EXPECT_THAT(DecodeEscape({2, 4, 3}).value(), ElementsAre(2 + 26));
  EXPECT_THAT(DecodeEscape({7, 14, 15, 15, 15, 15, 15, 15}).value(),
              ElementsAre(1 + kMaxCompressAiDistance));
  EXPECT_THAT(DecodeEscape({7, 15, 15, 15, 15, 15, 15, 15}).value(),
              ElementsAre(-1 - kMaxCompressAiDistance));
}

TEST(CompressAiFormatTest, EscapeOfTooManyNibblesIsDataLoss) {
  for (uint64_t count = 8; count < 15; ++count) {
    std::vector<uint64_t> nibbles(1 + count, 1);
    nibbles[0] = count;
    EXPECT_THAT(DecodeEscape(nibbles),
                Fails(kDataLoss,
                      absl::StrCat("escape of ", count, " nibbles exceeds 7")));
  }
  EXPECT_THAT(DecodeEscape({15, 0}), Fails(kDataLoss, "exceeds 7"));
  EXPECT_THAT(DecodeEscape(std::vector<uint64_t>(10000, 15)),
              Fails(kDataLoss, "exceeds 7"));
}

TEST(CompressAiFormatTest, PaddedEscapeIsDataLoss) {
  EXPECT_THAT(DecodeEscape({1, 0}),
              Fails(kDataLoss, "escape 0 is padded to 1 nibbles"));
  EXPECT_THAT(DecodeEscape({3, 5, 1, 0}),
              Fails(kDataLoss, "escape 21 is padded to 3 nibbles"));
}

}  // namespace
}  // namespace sluice::codec
