#include "common/codec/known_answer.h"

#include <set>

#include "common/base/hash.h"
#include "common/codec/entropy_coder.h"
#include "common/codec/frame.h"
#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;

constexpr StatusCode kPrecondition = StatusCode::kFailedPrecondition;
constexpr uint32_t kCodecId = 0x1a2b3c4d;

CodecTables OneRate(std::vector<ChannelTable> channels) {
  const int num_channels = static_cast<int>(channels.size());
  return CodecTables::Create(1, num_channels, std::move(channels)).value();
}

CodecTables RandomTables(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<ChannelTable> channels;
  for (int c = 0; c < 16; ++c) channels.push_back(RandomTable(random));
  return OneRate(std::move(channels));
}

std::vector<int32_t> SymbolsOf(const KnownAnswer& answer,
                               const CodecTables& tables, LatentShape& shape) {
  const Frame frame = ReadFrame(answer.frame).value();
  shape = {tables.num_channels(), frame.header.latent_height,
           frame.header.latent_width};
  CoderScratch scratch;
  std::vector<int32_t> symbols;
  EXPECT_TRUE(DecodeSymbols(frame.payload, shape,
                            tables.rate(frame.header.rate),
                            frame.header.num_lanes, scratch, symbols)
                  .ok());
  return symbols;
}

TEST(KnownAnswerTest, OwnAnswerPasses) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    const CodecTables tables = RandomTables(seed);
    const KnownAnswer answer = MakeKnownAnswer(tables, kCodecId).value();
    EXPECT_TRUE(
        CheckKnownAnswer(answer.frame, answer.symbols_crc32c, tables, kCodecId)
            .ok());
  }
}

TEST(KnownAnswerTest, VisitsEverySlotAndEscapesOnBothSides) {
  const CodecTables tables =
      OneRate({WidestTable(), MakeTable(-2, {1024, 1024, 1024, 512, 512})});
  const KnownAnswer answer = MakeKnownAnswer(tables, kCodecId).value();
  LatentShape shape;
  const std::vector<int32_t> symbols = SymbolsOf(answer, tables, shape);
  for (int c = 0; c < shape.channels; ++c) {
    const QuantizedCdf& cdf = tables.rate(0)[c].cdf;
    const auto begin = symbols.begin() + c * shape.num_positions();
    const std::set<int32_t> seen(begin, begin + shape.num_positions());
    for (int k = 0; k < cdf.num_symbols(); ++k) {
      EXPECT_TRUE(seen.contains(cdf.min_symbol() + k)) << k;
    }
    EXPECT_LT(*seen.begin(), cdf.min_symbol());
    EXPECT_GE(*seen.rbegin(), cdf.min_symbol() + cdf.num_symbols());
  }
}

TEST(KnownAnswerTest, IsAtTheHighestRateAndAtLeastEightByEight) {
  const KnownAnswer answer = MakeKnownAnswer(WorkedTables(4), kCodecId).value();
  const FrameHeader header = ReadFrame(answer.frame).value().header;
  EXPECT_EQ(header.rate, 3);
  EXPECT_EQ(header.latent_height, 8);
  EXPECT_EQ(header.latent_width, 8);
  EXPECT_EQ(header.codec_short_id, kCodecId);
}

TEST(KnownAnswerTest, BytesAreTheSameOnEveryMachine) {
  const KnownAnswer answer = MakeKnownAnswer(WorkedTables(4), kCodecId).value();
  EXPECT_EQ(base::Crc32c(answer.frame), 0xb20cc04du);
  EXPECT_EQ(answer.symbols_crc32c, 0xc127c5aeu);
}

TEST(KnownAnswerTest, TablesAtTheEndsOfTheRangeEscapeInwards) {
  const CodecTables tables =
      OneRate({MakeTable(kMaxSymbol - 1, {2048, 1024, 1024}),
               MakeTable(-kMaxSymbol, {2048, 1024, 1024})});
  const KnownAnswer answer = MakeKnownAnswer(tables, kCodecId).value();
  EXPECT_TRUE(
      CheckKnownAnswer(answer.frame, answer.symbols_crc32c, tables, kCodecId)
          .ok());
}

TEST(KnownAnswerTest, OtherTablesAreFailedPrecondition) {
  const CodecTables theirs = RandomTables(1);
  const KnownAnswer answer = MakeKnownAnswer(theirs, kCodecId).value();
  for (uint32_t seed = 2; seed <= 10; ++seed) {
    EXPECT_THAT(CheckKnownAnswer(answer.frame, answer.symbols_crc32c,
                                 RandomTables(seed), kCodecId),
                Fails(kPrecondition, "known answer"));
  }
}

TEST(KnownAnswerTest, OneProbabilityMovedByOneIsNoticed) {
  const CodecTables theirs = OneRate({MakeTable(0, {1000, 2000, 1096})});
  const CodecTables ours = OneRate({MakeTable(0, {1001, 1999, 1096})});
  const KnownAnswer answer = MakeKnownAnswer(theirs, kCodecId).value();
  EXPECT_THAT(
      CheckKnownAnswer(answer.frame, answer.symbols_crc32c, ours, kCodecId),
      Fails(kPrecondition, ""));
}

TEST(KnownAnswerTest, ShiftedTableGivesOtherSymbols) {
  const CodecTables theirs = OneRate({MakeTable(0, {1000, 2000, 1096})});
  const CodecTables ours = OneRate({MakeTable(1, {1000, 2000, 1096})});
  const KnownAnswer answer = MakeKnownAnswer(theirs, kCodecId).value();
  EXPECT_THAT(
      CheckKnownAnswer(answer.frame, answer.symbols_crc32c, ours, kCodecId),
      Fails(kPrecondition, ""));
}

TEST(KnownAnswerTest, OtherCrcIsFailedPreconditionWithBoth) {
  const CodecTables tables = WorkedTables(1);
  const KnownAnswer answer = MakeKnownAnswer(tables, kCodecId).value();
  EXPECT_THAT(CheckKnownAnswer(answer.frame, 0xdeadbeef, tables, kCodecId),
              Fails(kPrecondition, "expected symbols with CRC deadbeef"));
}

TEST(KnownAnswerTest, OtherCodecIdIsFailedPreconditionWithBoth) {
  const CodecTables tables = WorkedTables(1);
  const KnownAnswer answer = MakeKnownAnswer(tables, kCodecId).value();
  EXPECT_THAT(
      CheckKnownAnswer(answer.frame, answer.symbols_crc32c, tables, 5),
      Fails(kPrecondition, "expected codec id 00000005, found 1a2b3c4d"));
}

TEST(KnownAnswerTest, RateThatTheTablesLackIsFailedPrecondition) {
  const KnownAnswer answer = MakeKnownAnswer(WorkedTables(4), kCodecId).value();
  EXPECT_THAT(CheckKnownAnswer(answer.frame, answer.symbols_crc32c,
                               WorkedTables(2), kCodecId),
              Fails(kPrecondition, "expected a rate below 2, found 3"));
}

TEST(KnownAnswerTest, DamagedFrameIsFailedPrecondition) {
  const CodecTables tables = WorkedTables(1);
  const KnownAnswer answer = MakeKnownAnswer(tables, kCodecId).value();
  for (size_t i = 0; i < answer.frame.size(); ++i) {
    std::vector<uint8_t> damaged = answer.frame;
    damaged[i] ^= 1;
    EXPECT_THAT(
        CheckKnownAnswer(damaged, answer.symbols_crc32c, tables, kCodecId),
        Fails(kPrecondition, "known answer"));
  }
  EXPECT_THAT(CheckKnownAnswer({}, answer.symbols_crc32c, tables, kCodecId),
              Fails(kPrecondition, "known answer"));
}

}  // namespace
}  // namespace sluice::codec
