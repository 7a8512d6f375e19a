// New integer tables for a codec, from the symbols of other pictures.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::train {

struct RetableOptions {
  std::filesystem::path codec;
  std::filesystem::path data;  // Shard whose symbols are counted.
  std::filesystem::path out;   // Codec folder to write.
  // Shard on which the new tables are compared with what they round: the
  // unquantized fit.
  std::optional<std::filesystem::path> check;
};

// Weights, gains and medians stay, so that pictures look the same; frames are
// of another codec id. Sees the centre of each picture, cropped to the codec's
// multiple. Returns a report with, for `check`, the mean payload and the
// cross-entropy of the fit by rate. Errors as LoadedCodec::Load's and
// Shard::Open's.
absl::StatusOr<std::string> RetableCodec(const RetableOptions& options);

}  // namespace sluice::train
