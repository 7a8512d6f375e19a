// `sluice-model eval` as a command-line definition.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "models/train/commands/commands.h"

namespace sluice::train {

// As AddCommands, whose `command_line` it is; reports keep that.
void AddEval(CLI::App* app, const std::string& command_line, Command* command);

}  // namespace sluice::train
