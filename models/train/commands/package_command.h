// `sluice-model package` as a command-line definition.
#pragma once

#include <CLI/App.hpp>

#include "models/train/commands/commands.h"

namespace sluice::train {

// As AddCommands.
void AddPackage(CLI::App* app, Command* command);

}  // namespace sluice::train
