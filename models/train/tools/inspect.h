// What an artifact or a frame says about itself, for people.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::train {

// A codec folder, a tail folder or a frame file as several lines of text:
// identity, geometry, sizes, one line per rate. Digests are checked on the
// way. Errors as artifact::LoadCodec's, artifact::LoadTail's,
// codec::ReadFrame's.
absl::StatusOr<std::string> InspectArtifact(const std::filesystem::path& path);

}  // namespace sluice::train
