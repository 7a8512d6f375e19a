// A tail folder: tail.json, weights and labels (DESIGN section 4).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/safetensors.h"
#include "nlohmann/json.hpp"

namespace sluice::artifact {

struct TailSpec {
  std::string name;    // "imagenet": what a request names.
  std::string task;    // "classification"
  std::string family;  // "mobilenetv2"
  int version = 1;
  std::vector<std::string> codec_ids;  // Trained or re-checked for these.
  nlohmann::json network;              // Object: the network's hyperparameters.
};

struct TailArtifact {
  TailSpec spec;
  std::string digest;               // SHA-256 of tail.safetensors, hex.
  std::vector<std::string> labels;  // One per class, in order.
  TensorMap weights;
  nlohmann::json about;
};

// Verifies the digest and the label count. InvalidArgument naming file and
// field; NotFound when there is no such folder; ReadFile's errors for a file
// that is there and cannot be read.
absl::StatusOr<TailArtifact> LoadTail(const std::filesystem::path& folder);

// Writes the three files, tail.json last, making the folder. InvalidArgument
// for what would not load.
absl::Status WriteTail(const std::filesystem::path& folder,
                       const TailSpec& spec,
                       const std::vector<std::string>& labels,
                       const TensorMap& weights, const nlohmann::json& about);

// Replaces the free part of tail.json; the rest stays.
absl::Status RewriteTailAbout(const std::filesystem::path& folder,
                              const nlohmann::json& about);

// What a folder under models/ holds, by the JSON file in it.
enum class ArtifactKind { kCodec, kTail };
absl::StatusOr<ArtifactKind> KindOf(const std::filesystem::path& folder);

}  // namespace sluice::artifact
