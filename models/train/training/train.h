// Training: a recipe in, a codec or a tail artifact out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sluice::train {

struct TrainOptions {
  std::filesystem::path recipe;  // TOML, models/recipes/.
  std::filesystem::path data;  // Folder that the recipe's data paths start in.
  std::filesystem::path out;   // Work folder: checkpoint/, log, artifact/.
  std::optional<std::filesystem::path>
      init;  // A shipped artifact to start from.
  std::optional<std::filesystem::path> resume;  // A work folder to go on with.
  std::vector<std::string> overrides;  // "key=value" or "phase.0.steps=100".
  std::string device = "auto";         // As OpenComputeDevice.
  int num_threads = 0;                 // 0: one per core.
  int64_t max_steps = 0;  // Save a checkpoint and stop after so many; 0: never.
};

// Runs the recipe to its end and writes the artifact to out/artifact. One log
// line per interval on stdout, after a first line that names the device.
// Interrupted, it goes on from `resume` and ends where it would have.
// FailedPrecondition for device "cuda" where LibTorch finds no GPU.
absl::Status RunTraining(const TrainOptions& options);

}  // namespace sluice::train
