// Options that several subcommands of sluice-model share.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>

#include "absl/status/status.h"
#include "common/vision/geometry.h"

namespace sluice::train {

// --view with its check. `view`, which holds the default, must outlive `app`.
void AddView(CLI::App* app, vision::ViewRule* view);

// --threads. `num_threads` must outlive `app`.
void AddThreads(CLI::App* app, int* num_threads);

// NotFound when the folder of a file that will be written is not there: nobody
// should learn that after minutes. An empty path is none, and OK.
absl::Status CheckOutput(const std::filesystem::path& path);

}  // namespace sluice::train
