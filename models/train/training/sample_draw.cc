#include "models/train/training/sample_draw.h"

namespace sluice::train {

SampleDraw DrawSample(std::span<const size_t> members, uint64_t seed,
                      int64_t index, int sample) {
  // A seed_seq keeps 32 bits of each number.
  const uint64_t batch = static_cast<uint64_t>(index);
  std::seed_seq sequence{seed, seed >> 32,  //
                         batch, batch >> 32, static_cast<uint64_t>(sample)};
  SampleDraw draw;
  draw.random.seed(sequence);
  std::uniform_int_distribution<size_t> choose(0, members.size() - 1);
  draw.member = members[choose(draw.random)];
  return draw;
}

}  // namespace sluice::train
