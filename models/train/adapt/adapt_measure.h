// What a codec's frames cost and lose, by rate, on pictures of a shard.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/tail.h"
#include "models/train/adapt/adapt_report.h"
#include "models/train/tools/loaded_codec.h"
#include "models/train/training/teacher_parts.h"

namespace sluice::train {

// Real frames through the real coder, a picture at a time; sees the centre of
// each picture, cropped to the codec's multiple. `metric` lies on the CPU.
// Returns a point per rate. Errors as Shard::Open's and the networks'.
absl::StatusOr<std::vector<AdaptPoint>> MeasureCodec(
    const std::filesystem::path& shard, const FeatureMetric& metric,
    const std::vector<std::unique_ptr<model::Tail>>& tails, const char* label,
    LoadedCodec* codec);

}  // namespace sluice::train
