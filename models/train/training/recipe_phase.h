// The phases of a recipe's training.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "models/train/training/recipe.h"
#include "models/train/training/table_reader.h"

namespace sluice::train {

// Reads the recipe's array "phase", after its kind and task, which decide what
// keys a phase has. `where` begins every message.
absl::Status ReadPhases(const toml::table& root, const std::string& where,
                        Recipe* recipe);

}  // namespace sluice::train
