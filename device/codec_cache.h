// Device halves of codecs on disk, so that a device that fetched one boots
// without a server later.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::device {

// CACHE/ID/ holds codec.json, encoder.safetensors and tables.safetensors of the
// codec with that id, complete or not at all: a download lies in a folder of
// its own, CACHE/fetch-*, until it is verified. CACHE/servers/ knows which
// codec each server had last. Several devices may share a cache.
class CodecCache {
 public:
  explicit CodecCache(std::filesystem::path folder)
      : folder_(std::move(folder)) {}

  // Loads and verifies what is there. NotFound when it is not; InvalidArgument
  // for an id that is none and for damaged files.
  absl::StatusOr<artifact::CodecArtifact> Load(const std::string& id) const;

  // Downloads codec `id`, keeps and loads it, and removes what downloads that
  // died have left. Errors are DownloadCodec's; DataLoss when something else
  // came than that codec; ResourceExhausted naming the file when the cache
  // takes no more. Nothing is left behind then.
  absl::StatusOr<artifact::CodecArtifact> Fetch(v1::Inference::Stub* stub,
                                                const std::string& id) const;

  absl::Status Remember(const std::string& address,
                        const std::string& id) const;
  // NotFound when nothing is known of the server.
  absl::StatusOr<std::string> Recall(const std::string& address) const;

 private:
  std::filesystem::path PathOf(const std::string& address) const;
  absl::StatusOr<artifact::CodecArtifact> Keep(
      const std::vector<artifact::CodecFile>& files,
      const std::string& id) const;

  std::filesystem::path folder_;
};

}  // namespace sluice::device
