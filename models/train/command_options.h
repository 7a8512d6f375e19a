// Options that several subcommands of sluice-model share.
#pragma once

#include <CLI/App.hpp>

#include "common/vision/geometry.h"

namespace sluice::train {

// --view with its check. `view`, which holds the default, must outlive `app`.
void AddView(CLI::App* app, vision::ViewRule* view);

// --threads. `num_threads` must outlive `app`.
void AddThreads(CLI::App* app, int* num_threads);

}  // namespace sluice::train
