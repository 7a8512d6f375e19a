// Which picture a sample of a batch shows, and the random numbers that vary it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace sluice::train {

struct SampleDraw {
  size_t member = 0;  // One of the members.
  std::mt19937_64 random;
};

// The sample-th of the index-th batch. Depends on the arguments alone, so that
// samples may be made in any order; all bits of the numbers count. REQUIRES: at
// least one member.
SampleDraw DrawSample(std::span<const size_t> members, uint64_t seed,
                      int64_t index, int sample);

}  // namespace sluice::train
