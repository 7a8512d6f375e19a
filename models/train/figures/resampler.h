// Bootstrap resamples of a set of pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "models/train/figures/rate_curve.h"
#include "models/train/figures/samples.h"

namespace sluice::train {

// Draws as many pictures as there are, with replacement. The same seed draws
// the same pictures on every machine.
class Resampler {
 public:
  // REQUIRES: num_pictures < 2^32.
  Resampler(size_t num_pictures, uint64_t seed);

  // How often each picture is in the next resample; their sum is the number
  // of pictures. Valid until the next call.
  std::span<const uint32_t> Next();

 private:
  std::mt19937_64 random_;
  std::vector<uint32_t> counts_;
};

// The 2.5 % and 97.5 % percentiles. REQUIRES: values are not empty.
Interval MiddleInterval(const Samples& values);

}  // namespace sluice::train
