// The codec and tails that are to be adapted, and where they go.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/model/tail.h"
#include "models/train/adapt/adapt.h"

namespace sluice::train {

struct AdaptInputs {
  artifact::CodecArtifact codec;
  std::vector<artifact::TailArtifact> tails;
  std::vector<std::unique_ptr<model::Tail>> networks;  // Of the tails.

  std::string name;  // Of the codec that comes out.
  std::filesystem::path work;
  std::filesystem::path codec_folder;
  std::vector<std::filesystem::path> tail_folders;
};

// Loads everything and writes nothing. Errors are AdaptCodec's.
absl::StatusOr<AdaptInputs> LoadAdaptInputs(const AdaptOptions& options);

}  // namespace sluice::train
