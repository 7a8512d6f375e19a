// Proof that an artifact loads and works, on the machine at hand.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::train {

struct VerifyOptions {
  std::filesystem::path artifact;  // Codec folder, tail folder or frame file.
  // What a tail or a frame is verified against; without it a tail is loaded
  // but not run, and of a frame only header and checksum are checked.
  std::optional<std::filesystem::path> codec = std::nullopt;
  bool allow_torchscript = false;  // To load a tail of that family.
};

// A codec: digests, tables and both networks load; a synthetic picture goes
// through encoder, coder and decoder network at every rate, and the coder is
// lossless. A tail: digest and network load; with a codec, it was made for
// that codec and gives what its task says (model::Tail), all finite. Returns
// one line that says what was verified; otherwise the first error.
absl::StatusOr<std::string> VerifyArtifact(const VerifyOptions& options);

}  // namespace sluice::train
