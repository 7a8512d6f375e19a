// Artifacts with small random networks: real ones, that train in no time.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::testing {

inline constexpr int kTinyRates = 2;
inline constexpr int kTinyClasses = 10;
inline constexpr int kTeacherClasses = 1000;  // What LoadTeacher expects.

// A seed decides all weights. Behind the pixel entrance of WriteTinyCodec, the
// tail of WriteTinyTail with kTeacherClasses is WriteTinyTeacher's network when
// all three have one seed.

// Writes a patch codec named "tiny-SEED" (8 latent channels) and returns its
// id.
absl::StatusOr<std::string> WriteTinyCodec(const std::filesystem::path& folder,
                                           int seed);

// Writes an entropic_student codec, its encoder whole, named "student-SEED", of
// one rate, and returns its id.
absl::StatusOr<std::string> WriteStudentCodec(
    const std::filesystem::path& folder, int seed);

// Writes a MobileNetV2 tail for that codec.
absl::Status WriteTinyTail(const std::filesystem::path& folder,
                           const std::string& name, const std::string& codec_id,
                           int seed, int num_classes = kTinyClasses);

// Writes a whole MobileNetV2 to one safetensors file.
absl::Status WriteTinyTeacher(const std::filesystem::path& path, int seed);

}  // namespace sluice::testing
