// Encoding and decoding allocate nothing once their buffers have grown. A
// program of its own, because it replaces the global operator new.
#include <cstdlib>
#include <new>
#include <random>

#include "common/codec/frame.h"
#include "common/codec/frame_price.h"
#include "gtest/gtest.h"
#include "tests/codec/codec_testing.h"

namespace {

size_t num_allocations = 0;

void* Allocate(size_t num_bytes) {
  ++num_allocations;
  return std::malloc(num_bytes == 0 ? 1 : num_bytes);
}

}  // namespace

void* operator new(size_t num_bytes) {
  void* const memory = Allocate(num_bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t num_bytes, const std::nothrow_t&) noexcept {
  return Allocate(num_bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace sluice::codec {
namespace {

constexpr uint32_t kCodecId = 7;
constexpr int kNumRates = 3;
constexpr int kNumChannels = 4;

// One latent at every rate, and what coding it over and over needs.
struct Coding {
  LatentShape shape;
  std::vector<std::vector<float>> latents;  // By rate.
  CoderScratch scratch;
  std::vector<uint8_t> bytes;
  DecodedFrame decoded;
};

CodecTables Tables() {
  std::mt19937 random(1);
  std::vector<ChannelTable> tables;
  for (int rate = 0; rate < kNumRates; ++rate) {
    tables.push_back(WidestTable());
    while (tables.size() % kNumChannels != 0) {
      tables.push_back(RandomTable(random));
    }
  }
  return CodecTables::Create(kNumRates, kNumChannels, std::move(tables))
      .value();
}

enum class Escapes { kNone, kSome };

Coding MakeCoding(const CodecTables& tables, int side, Escapes escapes) {
  std::mt19937 random(2);
  Coding coding;
  coding.shape = {kNumChannels, side, side};
  for (int rate = 0; rate < kNumRates; ++rate) {
    std::vector<int32_t> symbols =
        RandomSymbols(coding.shape, tables.rate(rate), random);
    for (size_t i = 0; escapes == Escapes::kNone && i < symbols.size(); ++i) {
      const size_t channel = i / coding.shape.num_positions();
      const QuantizedCdf& cdf = tables.rate(rate)[channel].cdf;
      symbols[i] = std::clamp(symbols[i], cdf.min_symbol(),
                              cdf.min_symbol() + cdf.num_symbols() - 1);
    }
    coding.latents.emplace_back(symbols.begin(), symbols.end());
  }
  return coding;
}

// Returns the number of lanes of the last frame.
int CodeAllRates(const CodecTables& tables, Coding& coding) {
  int num_lanes = 0;
  for (int rate = 0; rate < kNumRates; ++rate) {
    if (!EncodeFrame(coding.latents[rate], coding.shape, tables, kCodecId, rate,
                     coding.scratch, coding.bytes)
             .ok()) {
      return 0;
    }
    const absl::StatusOr<Frame> frame = ReadFrame(coding.bytes);
    if (!frame.ok() ||
        !DecodeFrame(*frame, tables, kCodecId, coding.scratch, coding.decoded)
             .ok()) {
      return 0;
    }
    num_lanes = frame->header.num_lanes;
  }
  return num_lanes;
}

TEST(AllocationTest, CountsAllocations) {
  const size_t before = num_allocations;
  std::vector<int>(10).swap(*std::make_unique<std::vector<int>>());
  EXPECT_EQ(num_allocations - before, 2u);
}

TEST(AllocationTest, CodingFramesAgainAllocatesNothing) {
  const CodecTables tables = Tables();
  for (const Escapes escapes : {Escapes::kNone, Escapes::kSome}) {
    for (const int side : {3, 24, 44, 60, 90}) {
      Coding coding = MakeCoding(tables, side, escapes);
      ASSERT_GT(CodeAllRates(tables, coding), 0);
      const size_t before = num_allocations;
      const int num_lanes = CodeAllRates(tables, coding);
      EXPECT_EQ(num_allocations - before, 0u) << num_lanes << " lanes";
      EXPECT_EQ(coding.decoded.y_hat, coding.latents.back());
    }
  }
}

TEST(AllocationTest, SmallerLatentsNeedNoMoreThanTheLargest) {
  const CodecTables tables = Tables();
  Coding largest = MakeCoding(tables, 90, Escapes::kSome);
  EXPECT_EQ(CodeAllRates(tables, largest), 32);
  for (const int side : {1, 24, 44, 60}) {
    Coding coding = MakeCoding(tables, side, Escapes::kSome);
    largest.shape = coding.shape;
    largest.latents = coding.latents;
    const size_t before = num_allocations;
    EXPECT_GT(CodeAllRates(tables, largest), 0);
    EXPECT_EQ(num_allocations - before, 0u) << side;
  }
}

TEST(AllocationTest, CappedFramesAllocateNothing) {
  const CodecTables tables = Tables();
  Coding coding = MakeCoding(tables, 60, Escapes::kSome);
  size_t before = 0;
  for (int round = 0; round < 2; ++round) {
    before = num_allocations;
    for (int rate = 0; rate < kNumRates; ++rate) {
      ASSERT_TRUE(EncodeFrameWithin(1 << 20, coding.latents[0], coding.shape,
                                    tables, kCodecId, rate, coding.scratch,
                                    coding.bytes)
                      .ok());
    }
  }
  EXPECT_EQ(num_allocations - before, 0u);
}

TEST(AllocationTest, EveryNumberOfLanesAllocatesNothingAgain) {
  const CodecTables tables = Tables();
  const LatentShape shape{kNumChannels, 20, 33};
  std::mt19937 random(3);
  const std::vector<int32_t> symbols =
      RandomSymbols(shape, tables.rate(0), random);
  for (const LanePath& path : LanePaths()) {
    for (const int num_lanes : kLaneCounts) {
      CoderScratch scratch;
      std::vector<uint8_t> payload;
      std::vector<int32_t> decoded;
      size_t before = 0;
      for (int round = 0; round < 2; ++round) {
        before = num_allocations;
        ASSERT_TRUE(EncodeSymbols(symbols, shape, tables.rate(0), num_lanes,
                                  scratch, payload, path)
                        .ok());
        ASSERT_TRUE(DecodeSymbols(payload, shape, tables.rate(0), num_lanes,
                                  scratch, decoded, path)
                        .ok());
      }
      EXPECT_EQ(num_allocations - before, 0u) << num_lanes << path.name;
      EXPECT_EQ(decoded, symbols);
    }
  }
}

}  // namespace
}  // namespace sluice::codec
