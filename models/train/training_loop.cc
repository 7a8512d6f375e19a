#include "models/train/training_loop.h"

#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "models/train/progress.h"

namespace sluice::train {
namespace {

constexpr double kMaxGradientNorm = 1.0;
constexpr char kStateFile[] = "state.json";
constexpr char kWeightsFile[] = "weights.safetensors";
constexpr char kAveragedFile[] = "averaged.safetensors";
constexpr char kOptimizerFile[] = "optimizer.pt";

void Print(const std::string& line) {
  std::cout << line << std::endl;  // Flushed: a log is read while it grows.
}

struct Position {
  int phase = 0;
  int step = 0;  // Steps done in the phase.
};

double LearningRate(const Phase& phase, int step) {
  if (step < phase.warmup_steps) {
    return phase.learning_rate * (step + 1) / phase.warmup_steps;
  }
  const double progress = static_cast<double>(step - phase.warmup_steps) /
                          std::max(1, phase.steps - phase.warmup_steps);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return phase.final_learning_rate +
         (phase.learning_rate - phase.final_learning_rate) * cosine;
}

std::vector<at::Tensor> SelectTrainable(const Phase& phase,
                                        const Objective& objective,
                                        model::Weights* weights) {
  std::vector<at::Tensor> trainable;
  for (auto& [name, weight] : *weights) {
    const bool trains = objective.Trains(phase, name);
    weight.set_requires_grad(trains);
    if (trains) trainable.push_back(weight);
  }
  return trainable;
}

model::Weights Copy(const model::Weights& weights) {
  model::Weights copy;
  for (const auto& [name, weight] : weights) {
    copy.emplace(name, weight.detach().clone());
  }
  return copy;
}

void Average(const model::Weights& weights, double decay,
             model::Weights* averaged) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, weight] : weights) {
    at::Tensor& average = averaged->at(name);
    if (weight.requires_grad()) {
      average.lerp_(weight, 1 - decay);
    } else {
      average.copy_(weight);
    }
  }
}

absl::Status SaveCheckpoint(const std::filesystem::path& folder,
                            const Position& position,
                            const model::Weights& weights,
                            const model::Weights& averaged,
                            const torch::optim::Adam& optimizer,
                            const Objective& objective) {
  // Written beside and swapped in, so that an interruption leaves the old one.
  const std::filesystem::path fresh = folder / "checkpoint.new";
  const std::filesystem::path current = folder / "checkpoint";
  std::error_code error;
  std::filesystem::remove_all(fresh, error);
  std::filesystem::create_directories(fresh, error);
  const auto precision = model::StoredPrecision::kFloat;
  SLUICE_RETURN_IF_ERROR(artifact::WriteSafetensors(
      fresh / kWeightsFile, model::TensorsFromWeights(weights, precision)));
  SLUICE_RETURN_IF_ERROR(artifact::WriteSafetensors(
      fresh / kAveragedFile, model::TensorsFromWeights(averaged, precision)));
  torch::save(optimizer, (fresh / kOptimizerFile).string());
  const nlohmann::json state = {{"phase", position.phase},
                                {"step", position.step},
                                {"objective", objective.State()}};
  SLUICE_RETURN_IF_ERROR(
      base::WriteFileAtomically(fresh / kStateFile, state.dump(2)));
  std::filesystem::remove_all(current, error);
  std::filesystem::rename(fresh, current, error);
  if (error) {
    return absl::InternalError(
        absl::StrCat(current.string(), ": ", error.message()));
  }
  return absl::OkStatus();
}

absl::Status LoadInto(const std::filesystem::path& path,
                      model::Weights* weights) {
  SLUICE_ASSIGN_OR_RETURN(const artifact::TensorMap tensors,
                          artifact::ReadSafetensors(path));
  SLUICE_ASSIGN_OR_RETURN(const model::Weights stored,
                          model::WeightsFromTensors(tensors));
  const at::NoGradGuard no_grad;
  for (auto& [name, weight] : *weights) {
    const auto found = stored.find(name);
    if (found == stored.end() || found->second.sizes() != weight.sizes()) {
      return absl::DataLossError(
          absl::StrCat(path.string(), ": tensor ", name,
                       ": missing or of another shape than the recipe's"));
    }
    weight.copy_(found->second);
  }
  return absl::OkStatus();
}

absl::StatusOr<Position> LoadCheckpoint(const std::filesystem::path& folder,
                                        model::Weights* weights,
                                        model::Weights* averaged,
                                        Objective* objective) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(folder / kStateFile, 1u << 20));
  const nlohmann::json state = nlohmann::json::parse(bytes, nullptr, false);
  if (!state.is_object() || !state.contains("phase") ||
      !state["phase"].is_number_integer() || !state.contains("step") ||
      !state["step"].is_number_integer() || !state.contains("objective")) {
    return absl::DataLossError(
        absl::StrCat((folder / kStateFile).string(),
                     ": expected integers phase and step, and objective"));
  }
  SLUICE_RETURN_IF_ERROR(LoadInto(folder / kWeightsFile, weights));
  SLUICE_RETURN_IF_ERROR(LoadInto(folder / kAveragedFile, averaged));
  SLUICE_RETURN_IF_ERROR(objective->SetState(state["objective"]));
  return Position{.phase = state["phase"], .step = state["step"]};
}

// One phase's optimizer, as the checkpoint left it or fresh.
absl::StatusOr<std::unique_ptr<torch::optim::Adam>> MakeOptimizer(
    std::vector<at::Tensor> trainable, const std::filesystem::path& stored,
    bool resuming) {
  auto optimizer = std::make_unique<torch::optim::Adam>(
      std::move(trainable), torch::optim::AdamOptions().betas({0.9, 0.99}));
  if (resuming) {
    try {
      torch::load(*optimizer, stored.string());
    } catch (const std::exception& error) {
      return absl::DataLossError(
          absl::StrCat(stored.string(), ": not this recipe's optimizer"));
    }
  }
  return optimizer;
}

void SetLearningRate(double rate, torch::optim::Adam* optimizer) {
  for (torch::optim::OptimizerParamGroup& group : optimizer->param_groups()) {
    static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
  }
}

}  // namespace

absl::StatusOr<model::Weights> RunPhases(const Recipe& recipe,
                                         const TrainOptions& options,
                                         model::Weights* weights,
                                         Objective* objective) {
  model::Weights averaged = Copy(*weights);
  Position start;
  if (options.resume) {
    SLUICE_ASSIGN_OR_RETURN(
        start, LoadCheckpoint(*options.resume / "checkpoint", weights,
                              &averaged, objective));
  }
  int64_t index = 0;
  for (int p = 0; p < static_cast<int>(recipe.phases.size()); ++p) {
    const Phase& phase = recipe.phases[p];
    if (p < start.phase) {
      index += phase.steps;
      continue;
    }
    const bool resuming = p == start.phase && start.step > 0;
    const int first = resuming ? start.step : 0;
    index += first;
    SLUICE_ASSIGN_OR_RETURN(
        std::unique_ptr<torch::optim::Adam> optimizer,
        MakeOptimizer(
            SelectTrainable(phase, *objective, weights),
            options.resume.value_or("") / "checkpoint" / kOptimizerFile,
            resuming));
    Progress bar = Progress::OnStderr(
        absl::StrCat(recipe.name, " ", phase.name), phase.steps);
    auto interval_start = std::chrono::steady_clock::now();
    for (int step = first; step < phase.steps; ++step, ++index) {
      SetLearningRate(LearningRate(phase, step), optimizer.get());
      const at::Tensor loss = objective->Loss(
          phase, index, static_cast<double>(step) / phase.steps);
      if (!std::isfinite(loss.item<double>())) {
        return absl::InternalError(
            absl::StrFormat("phase %s, step %d: the loss is %f", phase.name,
                            step, loss.item<double>()));
      }
      optimizer->zero_grad();
      loss.backward();
      torch::nn::utils::clip_grad_norm_(optimizer->param_groups()[0].params(),
                                        kMaxGradientNorm);
      optimizer->step();
      Average(*weights,
              std::min(recipe.ema_decay, (step + 1.0) / (step + 10.0)),
              &averaged);
      const int done = step + 1;
      bar.Update(done);
      if (done % recipe.log_interval == 0) {
        const auto now = std::chrono::steady_clock::now();
        const double seconds =
            std::chrono::duration<double>(now - interval_start).count();
        interval_start = now;
        Print(absl::StrFormat("%s %d/%d lr %.2e %.0f pictures/s loss %.4f %s",
                              phase.name, done, phase.steps,
                              LearningRate(phase, step),
                              phase.batch * recipe.log_interval / seconds,
                              loss.item<double>(), objective->Summary()));
      }
      const bool last = done == phase.steps;
      if (done % recipe.holdout_interval == 0 || last) {
        SLUICE_ASSIGN_OR_RETURN(
            const std::string line,
            objective->Holdout(averaged, recipe.holdout_pictures));
        Print(absl::StrFormat("%s %d/%d held out: %s", phase.name, done,
                              phase.steps, line));
      }
      if (done % recipe.checkpoint_interval == 0 || last) {
        const Position next = last ? Position{.phase = p + 1, .step = 0}
                                   : Position{.phase = p, .step = done};
        SLUICE_RETURN_IF_ERROR(SaveCheckpoint(
            options.out, next, *weights, averaged, *optimizer, *objective));
      }
    }
  }
  return averaged;
}

}  // namespace sluice::train
