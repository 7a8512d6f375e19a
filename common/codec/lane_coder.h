// Interleaved rANS over the symbols of one channel, for several machines.
//
// Interleaving: Giesen, "Interleaved entropy coders" (arXiv:1402.3392). Symbol
// i of a channel belongs to lane i mod num_lanes; all lanes share one stream of
// words. Every LaneCoder of a number of lanes writes and reads the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/codec/codec_tables.h"
#include "common/codec/limits.h"

namespace sluice::codec {

// Bytes that a decoder may read behind the last word, and an encoder may write
// below the first: a word for each lane, and a vector of words.
inline constexpr size_t kWordSlackBytes = 96;

// What a coder needs of a table. Passed by value: through a reference, every
// byte written might change it, for all that a compiler knows.
struct LaneTable {
  const uint32_t* slots;
  const uint32_t* codes;
  int32_t min_symbol;
  uint32_t escape_slot;

  explicit LaneTable(const QuantizedCdf& cdf)
      : slots(cdf.slots().data()),
        codes(cdf.codes().data()),
        min_symbol(cdf.min_symbol()),
        escape_slot(static_cast<uint32_t>(cdf.escape_slot())) {}
};

struct LaneCoder {
  // Takes the symbols of a channel last to first; one without a slot takes the
  // escape's. Writes words downward from `words` and returns where they begin.
  // At most one word per symbol, and kWordSlackBytes below.
  uint8_t* (*encode)(LaneTable table, const int32_t* symbols,
                     size_t num_symbols, uint32_t* states, uint8_t* words);

  // Gives the symbols of a channel first to last; the escape slot's is
  // min_symbol + escape_slot. Returns where the next word is, which is behind
  // `words_end` if there were too few: then it stopped early, having read
  // kWordSlackBytes behind the end at most.
  const uint8_t* (*decode)(LaneTable table, int32_t* symbols,
                           size_t num_symbols, uint32_t* states,
                           const uint8_t* words, const uint8_t* words_end);
};

// An instruction set's coders.
struct LanePath {
  const char* name;                     // "scalar", "avx2", "neon".
  LaneCoder coders[kMaxLanesLog2 + 1];  // By log2 of the number of lanes.
};

// What this machine can run: "scalar" first, the fastest last.
std::span<const LanePath> LanePaths();

inline const LanePath& BestLanePath() { return LanePaths().back(); }

// Replace those coders of a path that the instruction set makes faster. Only
// for lane_coder.cc, which asks the processor first.
void UseAvx2(LanePath& path);
void UseNeon(LanePath& path);

}  // namespace sluice::codec
