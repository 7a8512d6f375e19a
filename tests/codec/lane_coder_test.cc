// Every path of this machine against the scalar one and against arithmetic in
// 64 bits.
#include "common/codec/lane_coder.h"

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using Bytes = std::vector<uint8_t>;
using States = std::vector<uint32_t>;
using Symbols = std::vector<int32_t>;

constexpr uint32_t kMinState = 1u << 16;
constexpr uint32_t kMaxState = 0xffffffff;

struct Encoded {
  Bytes words;
  States states;
  bool operator==(const Encoded&) const = default;
};

// The decoder's verdict; of a stream that is too short, only that it is.
struct Decoded {
  Symbols symbols;
  States states;
  size_t num_word_bytes = 0;  // Used; 0 with no symbols if there are too few.
  bool operator==(const Decoded&) const = default;
};

// Buffers are as small as the contract allows, so that a sanitizer sees every
// byte beyond them.
Encoded Encode(const LaneCoder& coder, const QuantizedCdf& cdf,
               const Symbols& symbols, States states) {
  Bytes buffer(kWordSlackBytes + 2 * symbols.size());
  uint8_t* const end = buffer.data() + buffer.size();
  const uint8_t* const words = coder.encode(LaneTable(cdf), symbols.data(),
                                            symbols.size(), states.data(), end);
  return {.words = Bytes(words, static_cast<const uint8_t*>(end)),
          .states = states};
}

Decoded Decode(const LaneCoder& coder, const QuantizedCdf& cdf,
               size_t num_symbols, States states, Bytes words, uint8_t slack) {
  const size_t num_word_bytes = words.size();
  words.resize(num_word_bytes + kWordSlackBytes, slack);
  Symbols symbols(num_symbols);
  const uint8_t* const next =
      coder.decode(LaneTable(cdf), symbols.data(), num_symbols, states.data(),
                   words.data(), words.data() + num_word_bytes);
  const size_t used = static_cast<size_t>(next - words.data());
  if (used > num_word_bytes) return {};
  return {.symbols = symbols, .states = states, .num_word_bytes = used};
}

// From all states, with some at the very ends.
States RandomStates(int num_lanes, std::mt19937& random) {
  States states;
  for (int lane = 0; lane < num_lanes; ++lane) {
    const uint32_t state = static_cast<uint32_t>(random()) >> random() % 16;
    states.push_back(random() % 16 == 0 ? kMaxState
                                        : std::max(state, kMinState));
  }
  return states;
}

Symbols SymbolsOfAllSlots(const QuantizedCdf& cdf, size_t num_symbols,
                          std::mt19937& random) {
  Symbols symbols;
  while (symbols.size() < num_symbols) {
    const uint32_t slot =
        random() % 8 == 0 ? static_cast<uint32_t>(random() % cdf.slots().size())
                          : cdf.codes()[random() % 4096] >> 24;
    symbols.push_back(cdf.min_symbol() + static_cast<int32_t>(slot));
  }
  return symbols;
}

std::vector<ChannelTable> Tables() {
  std::vector<ChannelTable> tables = {MakeTable(0, {4095, 1}),
                                      MakeTable(-5, {1, 4095}), WidestTable()};
  std::mt19937 random(1);
  while (tables.size() < 16) tables.push_back(RandomTable(random));
  return tables;
}

// Encodes and decodes with every path; the scalar one's is what all must give.
void ExpectSameOnEveryPath(const QuantizedCdf& cdf, int log2_lanes,
                           const Symbols& symbols, const States& states) {
  const Encoded expected =
      Encode(LanePaths()[0].coders[log2_lanes], cdf, symbols, states);
  const Decoded original = {.symbols = symbols,
                            .states = states,
                            .num_word_bytes = expected.words.size()};
  for (const LanePath& path : LanePaths()) {
    SCOPED_TRACE(path.name);
    const LaneCoder& coder = path.coders[log2_lanes];
    ASSERT_EQ(Encode(coder, cdf, symbols, states), expected);
    ASSERT_EQ(Decode(coder, cdf, symbols.size(), expected.states,
                     expected.words, 0x5a),
              original);
  }
}

TEST(LaneCoderTest, ScalarIsFirstAndEveryPathHasEveryCoder) {
  EXPECT_STREQ(LanePaths()[0].name, "scalar");
  EXPECT_EQ(&BestLanePath(), &LanePaths().back());
  for (const LanePath& path : LanePaths()) {
    for (const LaneCoder& coder : path.coders) {
      EXPECT_NE(coder.encode, nullptr);
      EXPECT_NE(coder.decode, nullptr);
    }
  }
}

TEST(LaneCoderTest, EveryPathWritesAndReadsTheSameBytes) {
  std::mt19937 random(2);
  for (const ChannelTable& table : Tables()) {
    for (int log2_lanes = 0; log2_lanes <= kMaxLanesLog2; ++log2_lanes) {
      SCOPED_TRACE(testing::Message() << (1 << log2_lanes) << " lanes, "
                                      << table.cdf.slots().size() << " slots");
      for (size_t num_symbols = 1; num_symbols <= 200; ++num_symbols) {
        ExpectSameOnEveryPath(table.cdf, log2_lanes,
                              SymbolsOfAllSlots(table.cdf, num_symbols, random),
                              RandomStates(1 << log2_lanes, random));
        if (HasFatalFailure()) return;
      }
      ExpectSameOnEveryPath(table.cdf, log2_lanes,
                            SymbolsOfAllSlots(table.cdf, 5003, random),
                            States(1 << log2_lanes, kMinState));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(LaneCoderTest, SymbolsWithoutASlotTakeTheEscapes) {
  const QuantizedCdf cdf = MakeTable(-1, {1000, 2000, 1000, 96}).cdf;
  const Symbols outside = {2, -2, INT32_MAX, INT32_MIN, 3, -32767, 32767, 255};
  Symbols symbols;
  for (int i = 0; i < 100; ++i) symbols.push_back(outside[i % 8]);
  for (const LanePath& path : LanePaths()) {
    SCOPED_TRACE(path.name);
    for (int log2_lanes = 0; log2_lanes <= kMaxLanesLog2; ++log2_lanes) {
      const LaneCoder& coder = path.coders[log2_lanes];
      const States states(1 << log2_lanes, kMinState);
      EXPECT_EQ(Encode(coder, cdf, symbols, states),
                Encode(coder, cdf, Symbols(100, 2), states));
    }
  }
}

// One step by the formulas of bitstream_format.md.
uint32_t StepBackwards(uint64_t state, uint64_t frequency, uint64_t start,
                       Bytes& reversed_words) {
  if (state >= frequency << 20) {
    reversed_words.push_back(static_cast<uint8_t>(state >> 8));
    reversed_words.push_back(static_cast<uint8_t>(state));
    state >>= 16;
  }
  return static_cast<uint32_t>((state / frequency << 12) + start +
                               state % frequency);
}

// Where a division by `frequency`, or the decision before it, is most easily
// wrong by one.
States EdgeStates(uint32_t frequency, int num_lanes, std::mt19937& random) {
  const uint64_t spill = uint64_t{frequency} << 20;
  std::vector<uint64_t> states = {kMinState, kMaxState, spill - 1,
                                  spill,     spill + 1, spill - frequency,
                                  spill / 2, 1u << 24,  1u << 31};
  while (states.size() < static_cast<size_t>(num_lanes)) {
    const uint64_t multiple = frequency * uint64_t{random() >> random() % 32};
    states.push_back(multiple + random() % 3 - 1);
  }
  States edges;
  for (const uint64_t state : states) {
    const bool is_state = state >= kMinState && state <= kMaxState;
    edges.push_back(is_state ? static_cast<uint32_t>(state) : kMinState);
  }
  std::shuffle(edges.begin(), edges.end(), random);
  edges.resize(num_lanes);
  return edges;
}

TEST(LaneCoderTest, DivisionIsExactAtEveryFrequencysEdges) {
  std::mt19937 random(3);
  for (uint32_t frequency = 1; frequency < 4096; ++frequency) {
    const QuantizedCdf cdf = MakeTable(0, {frequency, 4096 - frequency}).cdf;
    for (const int32_t symbol : {0, 1}) {
      const uint32_t start = symbol == 0 ? 0 : frequency;
      const uint32_t own = symbol == 0 ? frequency : 4096 - frequency;
      for (int log2_lanes = 2; log2_lanes <= kMaxLanesLog2; ++log2_lanes) {
        const int num_lanes = 1 << log2_lanes;
        const States states = EdgeStates(own, num_lanes, random);
        Encoded expected = {.words = {}, .states = States(num_lanes)};
        for (int lane = num_lanes; lane-- > 0;) {
          expected.states[lane] =
              StepBackwards(states[lane], own, start, expected.words);
        }
        std::reverse(expected.words.begin(), expected.words.end());
        const Symbols symbols(num_lanes, symbol);
        for (const LanePath& path : LanePaths()) {
          ASSERT_EQ(Encode(path.coders[log2_lanes], cdf, symbols, states),
                    expected)
              << path.name << ", " << num_lanes << " lanes, frequency " << own;
        }
      }
    }
  }
}

TEST(LaneCoderTest, EveryPathReadsAnyWordsAlike) {
  std::mt19937 random(4);
  for (const ChannelTable& table : Tables()) {
    for (int log2_lanes = 0; log2_lanes <= kMaxLanesLog2; ++log2_lanes) {
      for (int i = 0; i < 20; ++i) {
        const size_t num_symbols = 1 + random() % 300;
        const States states = RandomStates(1 << log2_lanes, random);
        Bytes words(random() % 2 == 0 ? 2 * num_symbols : random() % 100);
        for (uint8_t& byte : words) byte = static_cast<uint8_t>(random());
        const Decoded expected =
            Decode(LanePaths()[0].coders[log2_lanes], table.cdf, num_symbols,
                   states, words, 0);
        for (const LanePath& path : LanePaths()) {
          ASSERT_EQ(Decode(path.coders[log2_lanes], table.cdf, num_symbols,
                           states, words, 0xff),
                    expected)
              << path.name << ", " << (1 << log2_lanes) << " lanes";
        }
      }
    }
  }
}

TEST(LaneCoderTest, EveryPathFindsEveryTruncation) {
  const QuantizedCdf cdf = WidestTable().cdf;
  std::mt19937 random(5);
  const Symbols symbols = SymbolsOfAllSlots(cdf, 300, random);
  for (const LanePath& path : LanePaths()) {
    for (int log2_lanes = 0; log2_lanes <= kMaxLanesLog2; ++log2_lanes) {
      SCOPED_TRACE(testing::Message()
                   << path.name << ", " << (1 << log2_lanes) << " lanes");
      const LaneCoder& coder = path.coders[log2_lanes];
      const Encoded encoded =
          Encode(coder, cdf, symbols, States(1 << log2_lanes, kMinState));
      for (size_t size = 0; size < encoded.words.size(); ++size) {
        const Bytes head(encoded.words.begin(), encoded.words.begin() + size);
        ASSERT_EQ(Decode(coder, cdf, symbols.size(), encoded.states, head, 0),
                  Decoded{})
            << size;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::codec
