// What a recipe says of a tail's task: its labelled pictures and its network.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "models/train/training/recipe.h"
#include "models/train/training/table_reader.h"

namespace sluice::train {

// Reads the recipe's tables "labelled" and "network", of whose kind `task` is
// the name. `where` begins every message. InvalidArgument for a task that does
// not exist or that another table contradicts.
absl::Status ReadTask(const toml::table& root, const std::string& where,
                      const std::string& task, Recipe* recipe);

// InvalidArgument unless a tail for boxes or masks can be trained on them.
absl::Status CheckLabelled(const Recipe& recipe, const std::string& where);

}  // namespace sluice::train
