#include "common/artifact/half_float.h"

#include <bit>
#include <cmath>

namespace sluice::artifact {
namespace {

// float32 has 13 more mantissa bits and an exponent bias greater by 112.
constexpr int kMantissaShift = 13;
constexpr uint32_t kBiasDifference = 112u << 23;
constexpr uint32_t kFloatInfinity = 0x7f800000;
constexpr uint32_t kRoundsToInfinity = 0x477ff000;  // 65520
constexpr uint32_t kSmallestNormal = 0x38800000;    // 2^-14

}  // namespace

float HalfToFloat(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t magnitude = half & 0x7fffu;
  uint32_t bits;
  if (magnitude < 0x0400) {  // Zero or subnormal: a multiple of 2^-24.
    bits =
        std::bit_cast<uint32_t>(std::ldexp(static_cast<float>(magnitude), -24));
  } else if (magnitude < 0x7c00) {
    bits = (magnitude << kMantissaShift) + kBiasDifference;
  } else {  // Infinity or NaN.
    bits = kFloatInfinity | (magnitude << kMantissaShift);
  }
  return std::bit_cast<float>(sign | bits);
}

uint16_t FloatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7fffffffu;
  uint32_t half;
  if (magnitude > kFloatInfinity) {
    half = 0x7e00;  // A quiet NaN.
  } else if (magnitude >= kRoundsToInfinity) {
    half = 0x7c00;
  } else if (magnitude >= kSmallestNormal) {
    const uint32_t rebiased = magnitude - kBiasDifference;
    const uint32_t is_odd = (rebiased >> kMantissaShift) & 1;
    half = (rebiased + 0xfff + is_odd) >> kMantissaShift;
  } else {  // Scaling by a power of two is exact; nearbyint rounds to even.
    half = static_cast<uint32_t>(
        std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24)));
  }
  return static_cast<uint16_t>((bits >> 16 & 0x8000u) | half);
}

}  // namespace sluice::artifact
