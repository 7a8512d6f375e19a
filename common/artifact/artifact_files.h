// The files of an artifact folder: JSON and digest-checked weights.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/artifact/safetensors.h"
#include "nlohmann/json.hpp"

namespace sluice::artifact {

// "<context>: <message>" with the same code; OK stays OK.
absl::Status InContext(const absl::Status& status, std::string_view context);

// NotFound unless `folder` is one.
absl::Status CheckFolder(const std::filesystem::path& folder);

// Makes `folder` and those above it.
absl::Status CreateFolder(const std::filesystem::path& folder);

// A file that the artifact cannot do without: missing is InvalidArgument.
absl::StatusOr<std::vector<uint8_t>> ReadPart(const std::filesystem::path& path,
                                              size_t max_bytes);

absl::StatusOr<nlohmann::json> ReadJsonFile(const std::filesystem::path& path);
absl::Status WriteJsonFile(const std::filesystem::path& path,
                           const nlohmann::json& value);

// InvalidArgument with both digests unless the file's SHA-256 is `sha256`.
absl::StatusOr<std::vector<uint8_t>> ReadVerified(
    const std::filesystem::path& path, size_t max_bytes,
    const std::string& sha256);
absl::StatusOr<TensorMap> ReadWeights(const std::filesystem::path& path,
                                      const std::string& sha256);
// Returns the SHA-256 of what it wrote.
absl::StatusOr<std::string> WriteWeights(const std::filesystem::path& path,
                                         const TensorMap& tensors);

}  // namespace sluice::artifact
