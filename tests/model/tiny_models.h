// Artifacts with small random networks: real ones, that train in no time.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::testing {

inline constexpr int kTinyRates = 2;
inline constexpr int kTinyClasses = 10;

// Writes a patch codec (8 latent channels, `seed` decides its weights) and
// returns its id.
absl::StatusOr<std::string> WriteTinyCodec(const std::filesystem::path& folder,
                                           int seed);

// Writes a MobileNetV2 tail with kTinyClasses classes for that codec.
absl::Status WriteTinyTail(const std::filesystem::path& folder,
                           const std::string& name, const std::string& codec_id,
                           int seed);

}  // namespace sluice::testing
