// A codec and a tail of random weights, small enough to build in a test.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::train {

inline constexpr int kTinyNumRates = 2;
inline constexpr int kTinyLatentChannels = 4;
inline constexpr int kTinyNumClasses = 1000;  // As the teacher's.

// Writes a `patch` codec with two rates; the second has twice the gain.
// Returns its id.
std::string WriteTinyCodec(const std::filesystem::path& folder);

// Writes a MobileNetV2 tail for that codec id. Behind WriteTinyCodec's pixel
// entrance it is WriteTinyTeacher's network when it has kTinyNumClasses.
void WriteTinyTail(const std::filesystem::path& folder,
                   const std::string& codec_id,
                   int num_classes = kTinyNumClasses);

void WriteTinyTeacher(const std::filesystem::path& path);

}  // namespace sluice::train
