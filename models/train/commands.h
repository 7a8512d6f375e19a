// The subcommands of sluice-model as command-line definitions.
#pragma once

#include <CLI/App.hpp>
#include <functional>

#include "absl/status/status.h"

namespace sluice::train {

// What the command line chose; empty until a subcommand was parsed.
using Command = std::function<absl::Status()>;

// Adds train, eval, pack, encode, decode, inspect and verify to `app`. Parsing
// stores the chosen one in `command`, which must outlive `app`.
void AddCommands(CLI::App* app, Command* command);

}  // namespace sluice::train
