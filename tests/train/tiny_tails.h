// Detection and segmentation tails with small random heads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sluice::train {

// Writes one for the codec of that id, its weights decided by `seed`.
absl::Status WriteTinyDetector(const std::filesystem::path& folder,
                               const std::string& codec_id, int seed,
                               const std::vector<std::string>& labels);

// `ignore_index` of tail.json's network when it is not negative.
absl::Status WriteTinySegmenter(const std::filesystem::path& folder,
                                const std::string& codec_id, int seed,
                                const std::vector<std::string>& labels,
                                int ignore_index = -1);

}  // namespace sluice::train
