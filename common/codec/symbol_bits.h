// What a symbol costs, in fixed point.
#pragma once

#include <bit>
#include <cstdint>

#include "common/codec/codec_tables.h"

namespace sluice::codec {

// The bits of a symbol that has 1 to 2^kCdfPrecisionBits of the codes:
// kCdfPrecisionBits - log2(frequency), in 2^-fraction_bits bit, rounded up.
// Integer arithmetic, hence the same on every machine: squaring a mantissa in
// [1, 2) yields one binary digit of its logarithm at a time.
inline uint32_t SymbolBits(uint32_t frequency, int fraction_bits) {
  const int exponent = std::bit_width(frequency) - 1;
  uint64_t mantissa = uint64_t{frequency} << (31 - exponent);
  uint32_t log2 = exponent;
  for (int digit = 0; digit < fraction_bits; ++digit) {
    mantissa = mantissa * mantissa >> 31;
    const bool carry = mantissa >> 32 != 0;
    mantissa >>= carry;
    log2 = log2 << 1 | carry;
  }
  return (static_cast<uint32_t>(kCdfPrecisionBits) << fraction_bits) - log2;
}

}  // namespace sluice::codec
