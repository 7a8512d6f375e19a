#include "common/codec/frame_price.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/codec/frame.h"
#include "common/codec/limits.h"
#include "common/codec/rans_step.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
using Channels = std::vector<ChannelTable>;
using Symbols = std::vector<int32_t>;

constexpr size_t kAnySize = size_t{1} << 30;

// Price and size of the frame that EncodeFrame writes of the symbols.
struct Priced {
  size_t price;
  size_t bytes;
  int num_lanes;
};

Priced Price(const Symbols& symbols, const LatentShape& shape,
             const Channels& channels) {
  CoderScratch scratch;
  const auto price = PriceFrame(symbols, shape, channels, scratch);
  EXPECT_TRUE(price.ok()) << price.status();
  const CodecTables tables =
      CodecTables::Create(1, shape.channels, channels).value();
  const auto frame = EncodeFrame(
      std::vector<float>(symbols.begin(), symbols.end()), shape, tables, 7, 0);
  EXPECT_TRUE(frame.ok()) << frame.status();
  return {price.value(), frame->size(), NumLanesFor(shape, channels)};
}

// What frame_price.h says of the gap, with the states' rest.
void ExpectTightBound(const Priced& priced) {
  EXPECT_GE(priced.price, priced.bytes);
  EXPECT_LE(static_cast<double>(priced.price),
            1.013 * static_cast<double>(priced.bytes) + 2.0 * priced.num_lanes);
}

Channels RandomTables(int num_channels, std::mt19937& random) {
  Channels channels;
  for (int c = 0; c < num_channels; ++c) {
    channels.push_back(RandomTable(random));
  }
  return channels;
}

// Symbols that cost the most more than their bits: the encoder takes them last
// to first, and each is the one that raises its lane's state and words by the
// largest factor against its probability.
Symbols DearestSymbols(const ChannelTable& table, const LatentShape& shape,
                       int num_lanes) {
  const std::span<const uint32_t> slots = table.cdf.slots();
  Symbols symbols(shape.num_positions());
  std::vector<uint32_t> states(num_lanes, kLowerBound);
  for (size_t i = symbols.size(); i-- > 0;) {
    double dearest = -1;
    uint32_t next_state = 0;
    const uint32_t state = states[i % num_lanes];
    for (size_t slot = 0; slot + 1 < slots.size(); ++slot) {
      uint8_t word[2];
      uint8_t* words = word + 2;
      const uint32_t next = EncodeStep(slots[slot], state, words);
      const double bits = kCdfPrecisionBits - std::log2(slots[slot] & 0xfff);
      const double excess = std::log2(1.0 * next / state) +
                            (words == word ? kWordBits : 0) - bits;
      if (excess <= dearest) continue;
      dearest = excess;
      next_state = next;
      symbols[i] = table.cdf.min_symbol() + static_cast<int32_t>(slot);
    }
    states[i % num_lanes] = next_state;
  }
  return symbols;
}

TEST(FramePriceTest, IsNeverBelowTheFrameAndLittleAbove) {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    const auto below = [&random](uint32_t limit) {
      return static_cast<int>(random() % limit);
    };
    const LatentShape shape = {1 + below(6), 1 + below(50), 1 + below(50)};
    const Channels channels = RandomTables(shape.channels, random);
    ExpectTightBound(
        Price(RandomSymbols(shape, channels, random), shape, channels));
  }
}

TEST(FramePriceTest, IsNeverBelowWhateverTheSymbols) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    const LatentShape shape = {3, 1 + round % 40, 1 + round % 37};
    const Channels channels = RandomTables(shape.channels, random);
    Symbols symbols(shape.num_elements());
    const int reach = 1 + static_cast<int>(random() % 400);
    for (int32_t& symbol : symbols) {
      symbol = static_cast<int32_t>(random() % (2 * reach + 1)) - reach;
    }
    const Priced priced = Price(symbols, shape, channels);
    EXPECT_GE(priced.price, priced.bytes);
  }
}

TEST(FramePriceTest, IsNotBelowTheDearestSymbolsOfATable) {
  std::mt19937 random(3);
  Channels tables = {MakeTable(0, {2047, 2048, 1}), MakeTable(0, {1, 4094, 1}),
                     MakeTable(-1, {100, 3895, 100, 1}), WidestTable()};
  for (int i = 0; i < 60; ++i) tables.push_back(RandomTable(random));
  for (size_t i = 0; i < tables.size(); ++i) {
    SCOPED_TRACE(absl::StrCat("table ", i));
    for (const int side : {5, 100}) {
      const LatentShape shape = {1, side, side};
      const Channels channels = {tables[i]};
      const Symbols symbols =
          DearestSymbols(tables[i], shape, NumLanesFor(shape, channels));
      const Priced priced = Price(symbols, shape, channels);
      EXPECT_GE(priced.price, priced.bytes);
    }
  }
}

TEST(FramePriceTest, EveryNumberOfLanesIsPriced) {
  std::mt19937 random(4);
  const Channels channels = {WidestTable(), WidestTable()};
  std::vector<int> seen;
  for (const int side : {10, 30, 55, 80, 120}) {
    const LatentShape shape = {2, side, side + 1};
    const Priced priced =
        Price(RandomSymbols(shape, channels, random), shape, channels);
    ExpectTightBound(priced);
    seen.push_back(priced.num_lanes);
  }
  EXPECT_THAT(seen, testing::ElementsAre(1, 4, 8, 16, 32));
}

TEST(FramePriceTest, EscapesAreCountedExactly) {
  const Channels channels = {MakeTable(0, {2048, 2047, 1})};
  const LatentShape shape = {1, 1, 100};
  CoderScratch scratch;
  const auto price_of = [&](int32_t symbol) {
    Symbols symbols(100, symbol);
    return PriceFrame(symbols, shape, channels, scratch).value();
  };
  // Varints of 1, 2 and 3 bytes; the section's length takes 1 or 2.
  EXPECT_EQ(price_of(100) - price_of(2), 1u + 100u);
  EXPECT_EQ(price_of(-kMaxSymbol) - price_of(2), 1u + 200u);
}

TEST(FramePriceTest, OnlyEscapesArePriced) {
  const LatentShape shape = {1, 60, 60};
  const Channels channels = {MakeTable(0, {4095, 1})};
  ExpectTightBound(Price(Symbols(3600, -kMaxSymbol), shape, channels));
}

TEST(FramePriceTest, AFreeFrameIsHeaderLengthAndState) {
  const Channels channels = {MakeTable(0, {4095, 1})};
  const Priced priced = Price({0, 0, 0, 0}, {1, 2, 2}, channels);
  EXPECT_EQ(priced.price, 21u + 1u + 4u);
  EXPECT_EQ(priced.bytes, priced.price);
}

TEST(FramePriceTest, SizesThatDisagreeAreInvalid) {
  const Channels channels = {WidestTable()};
  CoderScratch scratch;
  EXPECT_THAT(PriceFrame(Symbols(3), {1, 2, 2}, channels, scratch),
              Fails(StatusCode::kInvalidArgument, "expected 4 elements"));
  EXPECT_THAT(PriceFrame(Symbols(8), {2, 2, 2}, channels, scratch),
              Fails(StatusCode::kInvalidArgument, "2 channels, found 1"));
  EXPECT_THAT(PriceFrame(Symbols(0), {1, 0, 2}, channels, scratch),
              Fails(StatusCode::kInvalidArgument, "not positive"));
}

TEST(FramePriceTest, SymbolOutOfRangeIsInvalid) {
  CoderScratch scratch;
  EXPECT_THAT(PriceFrame(Symbols{kMaxSymbol + 1}, {1, 1, 1},
                         Channels{WidestTable()}, scratch),
              Fails(StatusCode::kInvalidArgument, "32768"));
}

// Sixteen rates of ever finer steps; a latent of noise.
class EncodeFrameWithinTest : public ::testing::Test {
 protected:
  static constexpr int kNumRates = 16;
  static constexpr int kTopRate = kNumRates - 1;
  static constexpr LatentShape kShape = {2, 24, 25};

  EncodeFrameWithinTest() {
    std::mt19937 random(5);
    latent_.resize(kShape.num_elements());
    for (float& y : latent_) {
      y = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
    }
  }

  static CodecTables MakeTables(bool reversed) {
    Channels channels;
    for (int rate = 0; rate < kNumRates; ++rate) {
      const int step = reversed ? kTopRate - rate : rate;
      const int reach = 1 + step * (step + 1) / 2;
      const uint32_t num_slots = 2 * reach + 2;
      std::vector<uint32_t> frequencies(num_slots, 4096 / num_slots);
      frequencies.back() += 4096 % num_slots;
      for (int c = 0; c < kShape.channels; ++c) {
        channels.push_back(MakeTable(-reach, frequencies));
        channels.back().gain = static_cast<float>(reach);
      }
    }
    return CodecTables::Create(kNumRates, kShape.channels, std::move(channels))
        .value();
  }

  absl::StatusOr<int> RateWithin(size_t max_bytes, int max_rate = kTopRate) {
    return EncodeFrameWithin(max_bytes, latent_, kShape, tables_, 7, max_rate,
                             scratch_, frame_);
  }

  size_t FrameBytes(int rate) const {
    return EncodeFrame(latent_, kShape, tables_, 7, rate)->size();
  }

  CodecTables tables_ = MakeTables(/*reversed=*/false);
  std::vector<float> latent_;
  CoderScratch scratch_;
  std::vector<uint8_t> frame_;
};

TEST_F(EncodeFrameWithinTest, EveryCapIsKeptAndUsed) {
  int last_rate = 0;
  for (size_t cap = FrameBytes(0); cap < FrameBytes(kTopRate) + 100; ++cap) {
    const auto rate = RateWithin(cap);
    ASSERT_TRUE(rate.ok()) << rate.status();
    EXPECT_EQ(frame_.size(), FrameBytes(*rate));
    EXPECT_LE(frame_.size(), cap);
    EXPECT_GE(*rate, last_rate);
    EXPECT_TRUE(*rate == kTopRate || FrameBytes(*rate + 1) > cap) << cap;
    last_rate = *rate;
  }
  EXPECT_EQ(last_rate, kTopRate);
}

TEST_F(EncodeFrameWithinTest, TheFrameIsEncodeFrames) {
  const int rate = RateWithin(FrameBytes(8)).value();
  EXPECT_EQ(rate, 8);
  EXPECT_EQ(frame_, EncodeFrame(latent_, kShape, tables_, 7, rate).value());
}

TEST_F(EncodeFrameWithinTest, NoHigherRateThanAllowed) {
  EXPECT_EQ(RateWithin(kAnySize, 3).value(), 3);
  EXPECT_EQ(RateWithin(kAnySize, 0).value(), 0);
  EXPECT_EQ(RateWithin(kAnySize).value(), kTopRate);
}

TEST_F(EncodeFrameWithinTest, HigherRatesThatCostLessAreFound) {
  tables_ = MakeTables(/*reversed=*/true);
  EXPECT_EQ(RateWithin(FrameBytes(kTopRate)).value(), kTopRate);
  EXPECT_THAT(RateWithin(100, kTopRate),
              Fails(StatusCode::kResourceExhausted, "at rate 15"));
}

TEST_F(EncodeFrameWithinTest,
       NothingThatFitsIsResourceExhaustedWithTheLowestPrice) {
  const auto refused = RateWithin(100);
  EXPECT_THAT(refused,
              Fails(StatusCode::kResourceExhausted, "fits into 100 bytes"));
  const std::string text(refused.status().message());
  EXPECT_THAT(text, testing::HasSubstr("rate 0"));
  const size_t lowest = std::stoul(text.substr(text.rfind(' ')));
  EXPECT_EQ(RateWithin(lowest).value_or(-1), 0);
  EXPECT_THAT(RateWithin(FrameBytes(0) - 1),
              Fails(StatusCode::kResourceExhausted, "rate 0"));
  EXPECT_THAT(RateWithin(0), Fails(StatusCode::kResourceExhausted, "0 bytes"));
}

TEST_F(EncodeFrameWithinTest, RateThatTheTablesHaveNotIsInvalid) {
  for (const int rate : {-1, kNumRates}) {
    EXPECT_THAT(RateWithin(kAnySize, rate),
                Fails(StatusCode::kInvalidArgument, "0 to 15"));
  }
}

TEST_F(EncodeFrameWithinTest, NanAndWrongSizesAreInvalid) {
  latent_[77] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(RateWithin(kAnySize),
              Fails(StatusCode::kInvalidArgument, "position 77"));
  latent_.pop_back();
  EXPECT_THAT(RateWithin(kAnySize),
              Fails(StatusCode::kInvalidArgument, "elements"));
}

TEST_F(EncodeFrameWithinTest, AFrameOverTheFormatsLimitDoesNotFit) {
  // 3 bytes of escape for each symbol.
  const LatentShape shape = {1, 1280, 1280};
  latent_.assign(shape.num_elements(), 1e9f);
  const Channels one = {WidestTable(), MakeTable(0, {1, 4095})};
  const CodecTables tables = CodecTables::Create(2, 1, one).value();
  EXPECT_THAT(EncodeFrameWithin(kAnySize, latent_, shape, tables, 7, 1,
                                scratch_, frame_),
              Fails(StatusCode::kResourceExhausted, "fits into 4194325 bytes"));
}

}  // namespace
}  // namespace sluice::codec
