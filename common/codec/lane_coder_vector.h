// The coder's loop over vectors of lanes, for any instruction set.
//
// An `Isa` has vector types U32 and I32 of kWidth lanes (vectors of GCC and
// clang: operators work lane by lane, a comparison gives all ones or zero) and,
// for what operators cannot say:
//   Min(vector, vector)
//   Bits(mask)                      bit l: lane l of a comparison
//   ExpandWords(words, bits)        the words in order to the lanes of `bits`
//   StoreWords(vector, bits, end)   their low halves in order, up to `end`
//   ToFloat(vector), ToInt(floats)  the latter for 0 .. 2^31 - 1
//
// GCC hands an inner loop's unrolling on to the loop around it, unless that has
// one of its own.
//
// Include it only where that instruction set is on: `Isa` is a type of an
// unnamed namespace, so that no other file can see these instantiations.
#pragma once

#include <cstring>

#include "common/codec/lane_coder_scalar.h"

namespace sluice::codec {

template <class Isa>
static inline typename Isa::U32 Load(const void* from) {
  typename Isa::U32 vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

template <class Isa>
static inline void Store(const typename Isa::U32& vector, void* to) {
  std::memcpy(to, &vector, sizeof(vector));
}

// table[index] in each lane. One by one: that is faster than AVX2's gather.
template <class Isa>
static inline typename Isa::U32 Gather(const uint32_t* table,
                                       const typename Isa::U32& indices) {
  typename Isa::U32 entries;
#pragma GCC unroll 8
  for (size_t lane = 0; lane < Isa::kWidth; ++lane) {
    entries[lane] = table[indices[lane]];
  }
  return entries;
}

// floor(x / frequency) * 2^12 + start + x mod frequency of each lane.
// REQUIRES: x < frequency * 2^20.
// The quotient is below 2^20 and comes from floats, with roundings that add up
// to 3.5 * 2^-23 in any rounding mode. Its divisor is taken 2^-21 too large, so
// that it is never too large itself, and too small by less than one. What it
// is rounded down to is right or lacks one; the remainder tells.
template <class Isa>
static inline typename Isa::U32 Advance(const typename Isa::U32& x,
                                        const typename Isa::U32& frequency,
                                        const typename Isa::U32& start) {
  using U32 = typename Isa::U32;
  using I32 = typename Isa::I32;
  constexpr float kSlightlyMore = 1.0f + 0x1p-21f;
  const U32 quotient =
      Isa::ToInt(Isa::ToFloat(x) / (Isa::ToFloat(frequency) * kSlightlyMore));
  const U32 remainder = x - quotient * frequency;
  const U32 lacks_one = (U32)((I32)remainder >= (I32)frequency);
  return (quotient << kCdfPrecisionBits) + (remainder + start) +
         (lacks_one & ((1u << kCdfPrecisionBits) - frequency));
}

template <class Isa, size_t kLanes>
uint8_t* EncodeVectors(LaneTable table, const int32_t* symbols,
                       size_t num_symbols, uint32_t* states, uint8_t* words) {
  using U32 = typename Isa::U32;
  constexpr size_t kVectors = kLanes / Isa::kWidth;
  const size_t rest = num_symbols % kLanes;
  const int32_t* group = symbols + (num_symbols - rest);
  words = EncodeGroup(table, group, rest, states, words);
  U32 lanes[kVectors];
  std::memcpy(lanes, states, sizeof(lanes));
#pragma GCC unroll 1
  while (group != symbols) {
    group -= kLanes;
#pragma GCC unroll 8
    for (size_t i = 0; i < kVectors; ++i) {
      const size_t v = kVectors - 1 - i;
      U32 slot = Load<Isa>(group + v * Isa::kWidth) -
                 static_cast<uint32_t>(table.min_symbol);
      slot = Isa::Min(slot, U32{} + table.escape_slot);
      const U32 entry = Gather<Isa>(table.slots, slot);
      const U32 frequency = entry & kFieldMask;
      const U32 spills = (U32)(lanes[v] >= frequency << kSpillShift);
      const uint32_t bits = Isa::Bits(spills);
      Isa::StoreWords(lanes[v], bits, words);
      words -= 2 * __builtin_popcount(bits);
      const U32 state = spills ? lanes[v] >> kWordBits : lanes[v];
      lanes[v] = Advance<Isa>(state, frequency, entry >> kSecondField);
    }
  }
  std::memcpy(states, lanes, sizeof(lanes));
  return words;
}

template <class Isa, size_t kLanes>
const uint8_t* DecodeVectors(LaneTable table, int32_t* symbols,
                             size_t num_symbols, uint32_t* states,
                             const uint8_t* words, const uint8_t* words_end) {
  using U32 = typename Isa::U32;
  constexpr size_t kVectors = kLanes / Isa::kWidth;
  const size_t rest = num_symbols % kLanes;
  int32_t* const last_group = symbols + (num_symbols - rest);
  U32 lanes[kVectors];
  std::memcpy(lanes, states, sizeof(lanes));
#pragma GCC unroll 1
  for (; symbols != last_group; symbols += kLanes) {
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; ++v) {
      const U32 entry = Gather<Isa>(table.codes, lanes[v] & kFieldMask);
      Store<Isa>(
          (entry >> kThirdField) + static_cast<uint32_t>(table.min_symbol),
          symbols + v * Isa::kWidth);
      const U32 state = (entry & kFieldMask) * (lanes[v] >> kCdfPrecisionBits) +
                        (entry >> kSecondField & kFieldMask);
      const U32 refills = (U32)(state < kLowerBound);
      const uint32_t bits = Isa::Bits(refills);
      const U32 refilled = state << kWordBits | Isa::ExpandWords(words, bits);
      lanes[v] = refills ? refilled : state;
      words += 2 * __builtin_popcount(bits);
    }
    if (words > words_end) return words;
  }
  std::memcpy(states, lanes, sizeof(lanes));
  return DecodeGroup(table, last_group, rest, states, words);
}

// For each set of lanes, the place in a run of words of each lane's own, as
// indices of kBytes bytes for a byte shuffle or a permutation.
template <size_t kWidth, size_t kBytes>
struct WordOrders {
  // Lane l takes the word at its rank among the set lanes.
  static constexpr WordOrders Expanding() {
    WordOrders orders = {};
    for (size_t bits = 0; bits < kSets; ++bits) {
      size_t rank = 0;
      for (size_t lane = 0; lane < kWidth; ++lane) {
        orders.Set(bits, lane, rank);
        rank += bits >> lane & 1;
      }
    }
    return orders;
  }
  // The last of the kWidth places take the words of the set lanes, in order.
  static constexpr WordOrders Compacting() {
    WordOrders orders = {};
    for (size_t bits = 0; bits < kSets; ++bits) {
      size_t place = kWidth;
      for (size_t lane = kWidth; lane-- > 0;) {
        if ((bits >> lane & 1) != 0) orders.Set(bits, --place, lane);
      }
    }
    return orders;
  }

  static constexpr size_t kSets = size_t{1} << kWidth;
  alignas(16) uint8_t indices[kSets][kWidth * kBytes];

 private:
  constexpr void Set(size_t bits, size_t place, size_t word) {
    for (size_t byte = 0; byte < kBytes; ++byte) {
      indices[bits][place * kBytes + byte] =
          static_cast<uint8_t>(word * kBytes + byte);
    }
  }
};

}  // namespace sluice::codec
