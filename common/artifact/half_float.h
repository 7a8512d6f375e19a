// IEEE 754 binary16 <-> float32.
#pragma once

#include <cstdint>

namespace sluice::artifact {

float HalfToFloat(uint16_t half);  // Exact.

// Rounds to nearest even; from 65520 on it is infinity. NaN stays NaN.
uint16_t FloatToHalf(float value);

}  // namespace sluice::artifact
