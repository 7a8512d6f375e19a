// A camera's frames, checked and packed for adapting a codec to them.
#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"
#include "models/train/adapt/adapt.h"

namespace sluice::train {

struct AdaptFrames {
  std::filesystem::path train;  // Shards.
  std::filesystem::path holdout;
  int64_t num_train = 0;
  int64_t num_holdout = 0;
};

// Packs options.frames into `work`, which exists. Errors are AdaptCodec's.
absl::StatusOr<AdaptFrames> PackFrames(const AdaptOptions& options,
                                       const std::filesystem::path& work);

// Those that PackFrames left there.
absl::StatusOr<AdaptFrames> OpenFrames(const std::filesystem::path& work);

}  // namespace sluice::train
