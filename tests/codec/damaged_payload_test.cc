// Payloads that nobody wrote: each is refused, or is the very one that an
// encoder writes for the symbols it decodes to.
#include <random>

#include "common/codec/entropy_coder.h"
#include "gtest/gtest.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using Bytes = std::vector<uint8_t>;
using Symbols = std::vector<int32_t>;
using Channels = std::vector<ChannelTable>;

struct Coding {
  LatentShape shape;
  Channels channels;
  int num_lanes;
  CoderScratch scratch;
  Symbols symbols;
  Bytes payload;
};

// Returns whether `payload` decodes.
bool IsRefusedOrAnEncoders(const Bytes& payload, Coding& coding) {
  const absl::Status status =
      DecodeSymbols(payload, coding.shape, coding.channels, coding.num_lanes,
                    coding.scratch, coding.symbols);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return false;
  }
  EXPECT_TRUE(EncodeSymbols(coding.symbols, coding.shape, coding.channels,
                            coding.num_lanes, coding.scratch, coding.payload)
                  .ok());
  EXPECT_EQ(coding.payload, payload);
  return true;
}

Coding RandomCoding(int num_lanes, std::mt19937& random) {
  Coding coding;
  coding.num_lanes = num_lanes;
  coding.shape = {1 + static_cast<int>(random() % 3),
                  1 + static_cast<int>(random() % 5),
                  1 + static_cast<int>(random() % 6)};
  for (int c = 0; c < coding.shape.channels; ++c) {
    coding.channels.push_back(RandomTable(random));
  }
  coding.symbols = RandomSymbols(coding.shape, coding.channels, random);
  coding.symbols.front() = 32000;  // So that there is always an escape.
  EXPECT_TRUE(EncodeSymbols(coding.symbols, coding.shape, coding.channels,
                            num_lanes, coding.scratch, coding.payload)
                  .ok());
  return coding;
}

TEST(DamagedPayloadTest, EveryBitFlip) {
  std::mt19937 random(1);
  int num_decoded = 0;
  for (const int num_lanes : kLaneCounts) {
    for (int i = 0; i < 10; ++i) {
      Coding coding = RandomCoding(num_lanes, random);
      const Symbols symbols = coding.symbols;
      Bytes payload = coding.payload;
      for (size_t bit = 0; bit < 8 * payload.size(); ++bit) {
        const uint8_t mask = static_cast<uint8_t>(1u << (bit % 8));
        payload[bit / 8] ^= mask;
        if (IsRefusedOrAnEncoders(payload, coding)) {
          ++num_decoded;
          EXPECT_NE(coding.symbols, symbols);
        }
        payload[bit / 8] ^= mask;
      }
    }
  }
  EXPECT_GT(num_decoded, 100);  // Bits of escapes, above all.
}

void Mutate(Bytes& payload, std::mt19937& random) {
  const size_t at = random() % payload.size();
  switch (random() % 4) {
    case 0:
      payload.erase(payload.begin() + at);
      break;
    case 1:
      payload.insert(payload.begin() + at, static_cast<uint8_t>(random()));
      break;
    case 2:
      std::swap(payload[at], payload[random() % payload.size()]);
      break;
    default:
      payload[at] = static_cast<uint8_t>(random());
  }
}

TEST(DamagedPayloadTest, RandomMutations) {
  std::mt19937 random(2);
  for (const int num_lanes : kLaneCounts) {
    for (int i = 0; i < 20; ++i) {
      Coding coding = RandomCoding(num_lanes, random);
      const Bytes original = coding.payload;
      for (int j = 0; j < 200; ++j) {
        Bytes payload = original;
        for (size_t n = random() % 3 + 1; n > 0; --n) Mutate(payload, random);
        IsRefusedOrAnEncoders(payload, coding);
      }
    }
  }
}

TEST(DamagedPayloadTest, RandomBytes) {
  std::mt19937 random(3);
  for (const int num_lanes : kLaneCounts) {
    Coding coding = RandomCoding(num_lanes, random);
    for (int i = 0; i < 2000; ++i) {
      Bytes payload(1 + 4 * num_lanes + random() % 40);
      for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random());
      payload[0] = static_cast<uint8_t>(random() % 3);
      IsRefusedOrAnEncoders(payload, coding);
    }
  }
}

// No two payloads decode to the same symbols: of all the states that a pair of
// symbols 0 and 1 can lead to, as many decode as there are such pairs.
TEST(DamagedPayloadTest, AsManyStatesDecodeAsThereAreSymbols) {
  Coding coding = {.shape = {1, 1, 2},
                   .channels = {MakeTable(0, {2000, 2000, 96})},
                   .num_lanes = 1,
                   .scratch = {},
                   .symbols = {},
                   .payload = {}};
  int num_decoded = 0;
  for (uint32_t state = 1 << 16; state < 5 << 16; ++state) {
    Bytes payload = {0};
    for (int shift = 0; shift < 32; shift += 8) {
      payload.push_back(static_cast<uint8_t>(state >> shift));
    }
    num_decoded += IsRefusedOrAnEncoders(payload, coding);
  }
  EXPECT_EQ(num_decoded, 4);
}

}  // namespace
}  // namespace sluice::codec
