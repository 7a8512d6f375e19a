// The subcommands of sluice-model as command-line definitions.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace sluice::train {

// What the command line chose; empty until a subcommand was parsed.
using Command = std::function<absl::Status()>;

// Adds train, eval, pack, encode, decode, retable, adapt, package, inspect and
// verify to `app`. Parsing stores the chosen one in `command`, which must
// outlive `app`. `command_line` is what was typed, for reports to name.
void AddCommands(CLI::App* app, const std::string& command_line,
                 Command* command);

}  // namespace sluice::train
