// How long the two halves of each method take, one picture at a time.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "models/train/eval/learned_pair.h"
#include "models/train/figures/evaluation.h"
#include "models/train/pixels/pixel_baseline.h"
#include "models/train/tools/loaded_codec.h"

namespace sluice::train {

// Medians over `pictures`, after one that does not count. Networks run on as
// many threads as `pair` was loaded for, on this thread, most recently; that
// number is `num_threads`. REQUIRES: there are pictures.

// At the lowest, the default and the highest of the pair's rates.
absl::StatusOr<std::vector<Latency>> MeasureRateLatencies(
    LearnedPair* pair, std::span<const NetworkInput> pictures, int num_threads);

// At the lowest, the middle and the highest quality; answers come from the
// pair's pixel entrance and tail.
absl::StatusOr<std::vector<Latency>> MeasureQualityLatencies(
    const LearnedPair& pair, PixelCodec codec,
    std::span<const NetworkInput> pictures, int num_threads);

}  // namespace sluice::train
