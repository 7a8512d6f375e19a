// Settings of a program: flags > environment > TOML file > defaults.
#pragma once

#include <optional>
#include <string>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"

namespace sluice::flags {

// Adds --config FILE to `app` and parses the command line. An option that no
// flag has set takes its value from the environment (with the prefix
// "SLUICE_DEVICE_", --top-k from SLUICE_DEVICE_TOP_K), else from that file
// (top-k = 5; an array for a list). CLI11's own required() does not know of the
// file: what must be set is the caller's to check afterwards.
//
// Returns the text that --help or --version asks for; none: go on.
// InvalidArgument naming the flag, or file, line and key, when a setting is
// unknown or its option refuses the value; NotFound when there is no such file.
absl::StatusOr<std::optional<std::string>> ReadSettings(
    int argc, const char* const* argv, const std::string& variable_prefix,
    CLI::App* app);

}  // namespace sluice::flags
