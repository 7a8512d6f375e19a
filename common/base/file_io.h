// Whole-file reading and writing with one clear error each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice::base {

// Returns NotFound when there is no such file, InvalidArgument for a directory
// or a device, ResourceExhausted above `max_bytes`, DataLoss when reading fails
// part-way.
absl::StatusOr<std::vector<uint8_t>> ReadFile(const std::filesystem::path& path,
                                              size_t max_bytes);

// Writes beside `path` and renames, so that no reader ever sees half a file.
absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const uint8_t> bytes);
absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::string_view text);

}  // namespace sluice::base
