// One rANS step of one lane; bitstream_format.md gives the formulas.
//
// The functions are static on purpose: every file that includes this is
// compiled for another instruction set, and the linker must not take one file's
// copy for all.
#pragma once

#include <cstdint>

#include "common/codec/codec_tables.h"

namespace sluice::codec {

// States live in [2^16, 2^32) and are renormalized by words of 16 bits, so that
// one word per symbol always suffices.
inline constexpr int kWordBits = 16;
inline constexpr uint32_t kLowerBound = 1u << kWordBits;

// Fields of QuantizedCdf's slots() and codes().
inline constexpr uint32_t kFieldMask = (1u << kCdfPrecisionBits) - 1;
inline constexpr int kSecondField = 12;
inline constexpr int kThirdField = 24;
// A state of frequency << kSpillShift or more has to give a word away first.
inline constexpr int kSpillShift = 32 - kCdfPrecisionBits;

// Words are little-endian. Writes below `words` whether the state spills or
// not, and moves it if so: a branch here would be mispredicted too often.
// Returns the new state.
static inline uint32_t EncodeStep(uint32_t slot_entry, uint32_t state,
                                  uint8_t*& words) {
  const uint32_t frequency = slot_entry & kFieldMask;
  const bool spills = state >= frequency << kSpillShift;
  words[-2] = static_cast<uint8_t>(state);
  words[-1] = static_cast<uint8_t>(state >> 8);
  words -= 2 * spills;
  state = spills ? state >> kWordBits : state;
  return state + (slot_entry >> kSecondField) +
         state / frequency * ((1u << kCdfPrecisionBits) - frequency);
}

// Returns the slot. Reads a word whether the state needs it or not.
static inline uint32_t DecodeStep(const uint32_t* codes, uint32_t& state,
                                  const uint8_t*& words) {
  const uint32_t entry = codes[state & kFieldMask];
  state = (entry & kFieldMask) * (state >> kCdfPrecisionBits) +
          (entry >> kSecondField & kFieldMask);
  const uint32_t word = words[0] | static_cast<uint32_t>(words[1]) << 8;
  const bool refills = state < kLowerBound;
  state = refills ? state << kWordBits | word : state;
  words += 2 * refills;
  return entry >> kThirdField;
}

}  // namespace sluice::codec
