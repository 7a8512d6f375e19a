// The coder's loop over lanes without vectors: the portable path, and what is
// left over of a channel for the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/codec/lane_coder.h"
#include "common/codec/rans_step.h"

namespace sluice::codec {

// Symbol to slot; a symbol below the table wraps round to a large number.
static inline uint32_t SlotOf(LaneTable table, int32_t symbol) {
  const uint32_t slot =
      static_cast<uint32_t>(symbol) - static_cast<uint32_t>(table.min_symbol);
  return slot < table.escape_slot ? slot : table.escape_slot;
}

// `num_symbols` of the first lanes, last to first.
static inline uint8_t* EncodeGroup(LaneTable table, const int32_t* symbols,
                                   size_t num_symbols, uint32_t* states,
                                   uint8_t* words) {
  for (size_t lane = num_symbols; lane-- > 0;) {
    const uint32_t entry = table.slots[SlotOf(table, symbols[lane])];
    states[lane] = EncodeStep(entry, states[lane], words);
  }
  return words;
}

// `num_symbols` of the first lanes, first to last.
static inline const uint8_t* DecodeGroup(LaneTable table, int32_t* symbols,
                                         size_t num_symbols, uint32_t* states,
                                         const uint8_t* words) {
  for (size_t lane = 0; lane < num_symbols; ++lane) {
    const uint32_t slot = DecodeStep(table.codes, states[lane], words);
    symbols[lane] = table.min_symbol + static_cast<int32_t>(slot);
  }
  return words;
}

}  // namespace sluice::codec
