#include "models/train/figures/resampler.h"

#include <algorithm>

namespace sluice::train {

Resampler::Resampler(size_t num_pictures, uint64_t seed)
    : random_(seed), counts_(num_pictures) {}

std::span<const uint32_t> Resampler::Next() {
  std::fill(counts_.begin(), counts_.end(), 0u);
  const uint64_t num_pictures = counts_.size();
  for (uint64_t i = 0; i < num_pictures; ++i) {
    // Standard distributions differ from library to library.
    ++counts_[((random_() >> 32) * num_pictures) >> 32];
  }
  return counts_;
}

Interval MiddleInterval(const Samples& values) {
  return {values.Percentile(0.025), values.Percentile(0.975)};
}

}  // namespace sluice::train
