// The loop that every recipe runs: phases, schedule, averaging, checkpoints.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/weights.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train.h"
#include "nlohmann/json.hpp"

namespace sluice::train {

// What a kind of recipe supplies to the loop.
class Objective {
 public:
  virtual ~Objective() = default;

  // Whether a phase updates the weight of that name.
  virtual bool Trains(const Phase& phase, const std::string& name) const = 0;
  // The loss of one step, a scalar to be differentiated. `index` counts steps
  // over all phases and, with the recipe's seed, decides all randomness;
  // `progress` is in [0,1) within the phase. Errors are those of reading what
  // it trains on.
  virtual absl::StatusOr<at::Tensor> Loss(const Phase& phase, int64_t index,
                                          double progress) = 0;
  // "bytes 1402 1893 D 0.31 ..." over the steps since the last call.
  virtual std::string Summary() = 0;
  // The same kind of line for held-out pictures under averaged weights.
  virtual absl::StatusOr<std::string> Holdout(const model::Weights& averaged,
                                              int num_pictures) = 0;
  // What a checkpoint must keep beside weights and optimizer.
  virtual nlohmann::json State() const = 0;
  virtual absl::Status SetState(const nlohmann::json& state) = 0;
};

// Trains `weights` in place, on the device that they are on, through the
// recipe's phases, from the checkpoint in options.resume when given; a
// checkpoint of one device goes on on another. Returns the averaged weights
// (exponential moving average over steps; untrained ones as they are). DataLoss
// naming the file when the checkpoint does not fit; Internal when the loss
// stops being finite; Cancelled after options.max_steps.
absl::StatusOr<model::Weights> RunPhases(const Recipe& recipe,
                                         const TrainOptions& options,
                                         model::Weights* weights,
                                         Objective* objective);

}  // namespace sluice::train
