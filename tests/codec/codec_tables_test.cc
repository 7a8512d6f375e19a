#include "common/codec/codec_tables.h"

#include <cmath>

#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;

TEST(QuantizedCdfTest, KeepsWhatItWasGiven) {
  const auto cdf = QuantizedCdf::Create({0, 10, 65000, 65536}, -1);
  ASSERT_TRUE(cdf.ok()) << cdf.status();
  EXPECT_THAT(cdf->cdf(), testing::ElementsAre(0, 10, 65000, 65536));
  EXPECT_EQ(cdf->min_symbol(), -1);
  EXPECT_EQ(cdf->num_symbols(), 2);
  EXPECT_EQ(cdf->escape_slot(), 2);
}

TEST(QuantizedCdfTest, AcceptsOneSymbolAndTheWidestTable) {
  EXPECT_TRUE(QuantizedCdf::Create({0, 1, 65536}, kMaxSymbol).ok());
  EXPECT_EQ(WidestTable().cdf.num_symbols(), 2 * kMaxSymbol + 1);
}

TEST(QuantizedCdfTest, TooFewEntriesAreInvalid) {
  EXPECT_THAT(QuantizedCdf::Create({}, 0), Fails(kInvalid, "found 0"));
  EXPECT_THAT(QuantizedCdf::Create({0, 65536}, 0),
              Fails(kInvalid, "expected 3 to 65537 CDF entries, found 2"));
}

TEST(QuantizedCdfTest, TooManyEntriesAreInvalid) {
  EXPECT_THAT(QuantizedCdf::Create(std::vector<uint32_t>(65538), -kMaxSymbol),
              Fails(kInvalid, "found 65538"));
}

TEST(QuantizedCdfTest, FirstEntryMustBeZero) {
  EXPECT_THAT(QuantizedCdf::Create({1, 2, 65536}, 0),
              Fails(kInvalid, "CDF entry 0 is 1, expected 0"));
}

TEST(QuantizedCdfTest, LastEntryMustBeTheTotal) {
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 65535}, 0),
              Fails(kInvalid, "CDF entry 2 is 65535, expected 65536"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 65537}, 0),
              Fails(kInvalid, "CDF entry 2 is 65537, expected 65536"));
  EXPECT_THAT(QuantizedCdf::Create({0, 65536, 4294967295u}, 0),
              Fails(kInvalid, "CDF entry 2 is 4294967295"));
}

TEST(QuantizedCdfTest, EntriesMustIncreaseStrictly) {
  EXPECT_THAT(QuantizedCdf::Create({0, 5, 5, 65536}, 0),
              Fails(kInvalid, "CDF entry 2 is 5, expected more than 5"));
  EXPECT_THAT(QuantizedCdf::Create({0, 5, 4, 65536}, 0),
              Fails(kInvalid, "CDF entry 2 is 4, expected more than 5"));
  EXPECT_THAT(QuantizedCdf::Create({0, 0, 65536}, 0),
              Fails(kInvalid, "CDF entry 1 is 0, expected more than 0"));
  EXPECT_THAT(QuantizedCdf::Create({0, 65536, 65536}, 0),
              Fails(kInvalid, "CDF entry 2 is 65536"));
}

TEST(QuantizedCdfTest, SymbolsMustStayWithinTheMaximum) {
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 65536}, -kMaxSymbol - 1),
              Fails(kInvalid, "symbols -32768 to -32768"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 2, 65536}, kMaxSymbol),
              Fails(kInvalid, "symbols 32767 to 32768"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 2, 65536}, INT32_MAX),
              Fails(kInvalid, "2147483647 to 2147483648"));
  EXPECT_THAT(QuantizedCdf::Create({0, 1, 65536}, INT32_MIN),
              Fails(kInvalid, "-2147483648"));
}

std::vector<ChannelTable> Tables(size_t count) {
  return std::vector<ChannelTable>(count, MakeTable(0, {65535, 1}));
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
