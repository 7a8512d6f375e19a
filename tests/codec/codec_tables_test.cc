#include "common/codec/codec_tables.h"

#include <cmath>
#include <numeric>
#include <random>

#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;

TEST(QuantizedCdfTest, KeepsWhatItWasGiven) {
  const auto cdf = QuantizedCdf::Create({0, 10, 4000, 4096}, -1);
  ASSERT_TRUE(cdf.ok()) << cdf.status();
  EXPECT_THAT(cdf->cdf(), testing::ElementsAre(0, 10, 4000, 4096));
  EXPECT_EQ(cdf->min_symbol(), -1);
  EXPECT_EQ(cdf->num_symbols(), 2);
  EXPECT_EQ(cdf->escape_slot(), 2);
}

TEST(QuantizedCdfTest, AcceptsOneSymbolAndTheWidestTable) {
  EXPECT_TRUE(QuantizedCdf::Create({0, 1, 4096}, kMaxSymbol).ok());
  EXPECT_TRUE(QuantizedCdf::Create({0, 4095, 4096}, -kMaxSymbol).ok());
  EXPECT_EQ(WidestTable().cdf.num_symbols(), 255);
}

TEST(QuantizedCdfTest, SlotsSayFrequencyAndStart) {
  const QuantizedCdf cdf = QuantizedCdf::Create({0, 10, 4000, 4096}, 7).value();
  EXPECT_THAT(cdf.slots(),
              testing::ElementsAre(10, 3990 | 10 << 12, 96 | 4000 << 12));
}

TEST(QuantizedCdfTest, CodesSayFrequencyOffsetAndSlot) {
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    const QuantizedCdf cdf = RandomTable(random).cdf;
    ASSERT_EQ(cdf.codes().size(), 4096u);
    for (uint32_t code = 0; code < 4096; ++code) {
      uint32_t slot = 0;
      while (cdf.cdf()[slot + 1] <= code) ++slot;
      const uint32_t start = cdf.cdf()[slot];
      const uint32_t frequency = cdf.cdf()[slot + 1] - start;
      ASSERT_EQ(cdf.codes()[code],
                frequency | (code - start) << 12 | slot << 24);
    }
  }
}

double EntropyQ8(const QuantizedCdf& cdf) {
  double bits = 0;
  for (size_t slot = 0; slot + 1 < cdf.cdf().size(); ++slot) {
    const double p = (cdf.cdf()[slot + 1] - cdf.cdf()[slot]) / 4096.0;
    bits -= p * std::log2(p);
  }
  return 256 * bits;
}

TEST(QuantizedCdfTest, EntropyOfPowersOfTwoIsExact) {
  EXPECT_EQ(WidestTable().cdf.entropy_q8(), 256u * 8);
  EXPECT_EQ(MakeTable(0, {2048, 2048}).cdf.entropy_q8(), 256u);
  EXPECT_EQ(MakeTable(0, {2048, 1024, 512, 512}).cdf.entropy_q8(),
            256u * 7 / 4);
}

TEST(QuantizedCdfTest, EntropyIsTheLogarithmsToWithinItsUnit) {
  for (uint32_t frequency = 1; frequency < 4096; ++frequency) {
    const QuantizedCdf cdf = MakeTable(0, {frequency, 4096 - frequency}).cdf;
    EXPECT_NEAR(cdf.entropy_q8(), EntropyQ8(cdf), 1.0) << frequency;
  }
  std::mt19937 random(2);
  for (int i = 0; i < 200; ++i) {
    const QuantizedCdf cdf = RandomTable(random).cdf;
    EXPECT_NEAR(cdf.entropy_q8(), EntropyQ8(cdf), 1.0) << i;
  }
}

TEST(QuantizedCdfTest, TooFewEntriesAreInvalid) {
  EXPECT_THAT(QuantizedCdf::Create({}, 0), Fails(kInvalid, "found 0"));
  EXPECT_THAT(QuantizedCdf::Create({0, 4096}, 0),
              Fails(kInvalid, "expected 3 to 257 CDF entries, found 2"));
}

TEST(QuantizedCdfTest, TooManyEntriesAreInvalid) {
  std::vector<uint32_t> cdf(258);
  std::iota(cdf.begin(), cdf.end(), 0u);
  cdf.back() = 4096;
  EXPECT_THAT(QuantizedCdf::Create(cdf, 0),
              Fails(kInvalid, "expected 3 to 257 CDF entries, found 258"));
}

TEST(QuantizedCdfTest, FirstEntryMustBeZero) {
  EXPECT_THAT(QuantizedCdf::Create({1, 2, 4096}, 0),
              Fails(kInvalid, "CDF entry 0 is 1, expected 0"));
}

TEST(QuantizedCdfTest, LastEntryMustBeTheTotal) {
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 4095}, 0),
              Fails(kInvalid, "CDF entry 2 is 4095, expected 4096"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 4097}, 0),
              Fails(kInvalid, "CDF entry 2 is 4097, expected 4096"));
  EXPECT_THAT(QuantizedCdf::Create({0, 4096, 4294967295u}, 0),
              Fails(kInvalid, "CDF entry 2 is 4294967295"));
}

TEST(QuantizedCdfTest, EntriesMustIncreaseStrictly) {
  EXPECT_THAT(QuantizedCdf::Create({0, 5, 5, 4096}, 0),
              Fails(kInvalid, "CDF entry 2 is 5, expected more than 5"));
  EXPECT_THAT(QuantizedCdf::Create({0, 5, 4, 4096}, 0),
              Fails(kInvalid, "CDF entry 2 is 4, expected more than 5"));
  EXPECT_THAT(QuantizedCdf::Create({0, 0, 4096}, 0),
              Fails(kInvalid, "CDF entry 1 is 0, expected more than 0"));
  EXPECT_THAT(QuantizedCdf::Create({0, 4096, 4096}, 0),
              Fails(kInvalid, "CDF entry 2 is 4096"));
}

TEST(QuantizedCdfTest, SymbolsMustStayWithinTheMaximum) {
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 4096}, -kMaxSymbol - 1),
              Fails(kInvalid, "symbols -32768 to -32768"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 2, 4096}, kMaxSymbol),
              Fails(kInvalid, "symbols 32767 to 32768"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 2, 4096}, INT32_MAX),
              Fails(kInvalid, "2147483647 to 2147483648"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 4096}, INT32_MIN),
              Fails(kInvalid, "-2147483648"));
}

std::vector<ChannelTable> Tables(size_t count) {
  return std::vector<ChannelTable>(count, MakeTable(0, {4095, 1}));
}

TEST(CodecTablesTest, RateGivesItsRow) {
  std::vector<ChannelTable> tables = Tables(6);
  for (size_t i = 0; i < tables.size(); ++i) {
    tables[i].median = static_cast<float>(i);
  }
  const auto codec_tables = CodecTables::Create(2, 3, tables);
  ASSERT_TRUE(codec_tables.ok()) << codec_tables.status();
  EXPECT_EQ(codec_tables->num_rates(), 2);
  EXPECT_EQ(codec_tables->num_channels(), 3);
  ASSERT_EQ(codec_tables->rate(1).size(), 3u);
  EXPECT_EQ(codec_tables->rate(0)[0].median, 0.0f);
  EXPECT_EQ(codec_tables->rate(1)[0].median, 3.0f);
  EXPECT_EQ(codec_tables->rate(1)[2].median, 5.0f);
}

TEST(CodecTablesTest, CountsOutOfRangeAreInvalid) {
  EXPECT_THAT(CodecTables::Create(0, 1, {}),
              Fails(kInvalid, "expected 1 to 64 rates, found 0"));
  EXPECT_THAT(CodecTables::Create(65, 1, Tables(65)),
              Fails(kInvalid, "rates, found 65"));
  EXPECT_THAT(CodecTables::Create(1, 0, {}),
              Fails(kInvalid, "expected 1 to 512 channels, found 0"));
  EXPECT_THAT(CodecTables::Create(1, 513, Tables(513)),
              Fails(kInvalid, "channels, found 513"));
  EXPECT_THAT(CodecTables::Create(-1, -1, Tables(1)),
              Fails(kInvalid, "rates, found -1"));
}

TEST(CodecTablesTest, TablesOverTheirLimitAreInvalid) {
  EXPECT_TRUE(CodecTables::Create(8, 512, Tables(kMaxTables)).ok());
  EXPECT_THAT(CodecTables::Create(9, 512, {}),
              Fails(kInvalid,
                    "9 rates of 512 channels need 4608 tables, expected at "
                    "most 4096"));
  EXPECT_THAT(CodecTables::Create(64, 512, {}), Fails(kInvalid, "need 32768"));
}

TEST(CodecTablesTest, TableCountMustMatch) {
  EXPECT_THAT(
      CodecTables::Create(2, 3, Tables(5)),
      Fails(kInvalid, "expected 6 tables for 2 rates of 3 channels, found 5"));
  EXPECT_THAT(CodecTables::Create(2, 3, {}), Fails(kInvalid, "found 0"));
}

TEST(CodecTablesTest, BadConstantsAreInvalidAndNamed) {
  for (const float bad : {0.0f, -1.0f, INFINITY, std::nanf("")}) {
    std::vector<ChannelTable> tables = Tables(6);
    tables[4].gain = bad;
    EXPECT_THAT(CodecTables::Create(2, 3, tables),
                Fails(kInvalid, "rate 1 channel 1: gain "));
    tables = Tables(6);
    tables[2].inverse_gain = bad;
    EXPECT_THAT(CodecTables::Create(2, 3, tables),
                Fails(kInvalid, "rate 0 channel 2: inverse gain "));
  }
  for (const float bad : {-INFINITY, INFINITY, std::nanf("")}) {
    std::vector<ChannelTable> tables = Tables(6);
    tables[3].median = bad;
    EXPECT_THAT(CodecTables::Create(2, 3, tables),
                Fails(kInvalid, "rate 1 channel 0: median "));
  }
}

}  // namespace
}  // namespace sluice::codec
