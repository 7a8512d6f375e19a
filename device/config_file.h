// TOML configuration below flags and environment.
#pragma once

#include <string>

#include "CLI/App.hpp"
#include "absl/status/status.h"

namespace sluice::device {

// Gives every option of `app` that neither a flag nor the environment has set
// its value from a TOML file: `rate = 2` stands for `--rate 2`, an array for a
// list. Call it after app.parse(), because CLI11's own set_config() lets the
// file win over the environment.
// InvalidArgument naming file, line and key for bad TOML, an unknown key or a
// value that the option refuses; NotFound when there is no such file.
absl::Status ApplyConfigFile(const std::string& path, CLI::App* app);

}  // namespace sluice::device
