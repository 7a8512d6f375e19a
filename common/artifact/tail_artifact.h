// A tail folder: tail.json, weights or a module, and labels (DESIGN section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/safetensors.h"
#include "nlohmann/json.hpp"

namespace sluice::artifact {

// Tails of this family are TorchScript modules: code, run as it is. Their task
// is "tensors".
inline constexpr char kTorchScriptFamily[] = "torchscript";
inline constexpr size_t kMaxModuleBytes = 512u << 20;

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
  std::string digest;  // SHA-256 of tail.safetensors or module.pt, hex.
  // One per class, in order. TorchScript may do without: none, no labels.txt.
  std::vector<std::string> labels;
  TensorMap weights;            // Of tail.safetensors.
  std::vector<uint8_t> module;  // module.pt instead, when IsTorchScript.
  nlohmann::json about;
};

bool IsTorchScript(const TailSpec& spec);

// Verifies the digest and the label count; runs nothing. InvalidArgument naming
// file and field; NotFound when there is no such folder; ReadFile's errors for
// a file that is there and cannot be read.
absl::StatusOr<TailArtifact> LoadTail(const std::filesystem::path& folder);

// Writes the three files, tail.json last, making the folder. InvalidArgument
// for what would not load.
absl::Status WriteTail(const std::filesystem::path& folder,
                       const TailSpec& spec,
                       const std::vector<std::string>& labels,
                       const TensorMap& weights, const nlohmann::json& about);

// Likewise for IsTorchScript; without labels there is no labels.txt.
absl::Status WriteTorchScriptTail(const std::filesystem::path& folder,
                                  const TailSpec& spec,
                                  const std::vector<std::string>& labels,
                                  std::span<const uint8_t> module,
                                  const nlohmann::json& about);

// Replaces the free part of tail.json; the rest stays.
absl::Status RewriteTailAbout(const std::filesystem::path& folder,
                              const nlohmann::json& about);

// What a folder under models/ holds, by the JSON file in it.
enum class ArtifactKind { kCodec, kTail };
absl::StatusOr<ArtifactKind> KindOf(const std::filesystem::path& folder);

}  // namespace sluice::artifact
