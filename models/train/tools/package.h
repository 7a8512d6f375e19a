// Makes a tail folder of a user's own TorchScript module.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::train {

struct PackageOptions {
  std::filesystem::path module;  // As torch.jit.script(...).save writes it.
  std::vector<std::filesystem::path> codecs;  // Whose features it takes.
  std::string name;
  std::filesystem::path labels;  // One per line; empty: the tail has none.
  std::filesystem::path out;
};

// Runs the module behind every codec, on pictures of two sizes, alone and in a
// batch, and writes the folder when a server could do the same. Returns lines
// that say what was written and what the module makes of a picture.
//
// AlreadyExists when `out` does. InvalidArgument with what was expected and
// found for a file that is no module, for what model::LoadTorchScriptTail
// refuses, and when a picture's results depend on the batch that it is in.
// Errors of base::ReadFile and artifact::LoadCodec for the other inputs.
absl::StatusOr<std::string> PackageTorchScript(const PackageOptions& options);

}  // namespace sluice::train
