#include "models/train/training/training_loop.h"

#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "models/train/data/progress.h"

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

// One phase's optimizer, as the checkpoint left it or fresh, on `device`.
absl::StatusOr<std::unique_ptr<torch::optim::Adam>> MakeOptimizer(
    std::vector<at::Tensor> trainable, at::Device device,
    const std::filesystem::path& stored, bool resuming) {
  auto optimizer = std::make_unique<torch::optim::Adam>(
      std::move(trainable), torch::optim::AdamOptions().betas({0.9, 0.99}));
  if (resuming) {
    try {
      torch::load(*optimizer, stored.string(), device);
    } catch (const std::exception& error) {
      return absl::DataLossError(
          absl::StrCat(stored.string(), ": not this recipe's optimizer"));
    }
  }
  return optimizer;
}

// The first weight whose gradient is not finite.
std::string NotFinite(const model::Weights& weights) {
  for (const auto& [name, weight] : weights) {
    if (weight.grad().defined() &&
        !at::isfinite(weight.grad()).all().item<bool>()) {
      return name;
    }
  }
  return "no weight alone";
}

void SetLearningRate(double rate, torch::optim::Adam* optimizer) {
  for (torch::optim::OptimizerParamGroup& group : optimizer->param_groups()) {
    static_cast<torch::optim::AdamOptions&>(group.options()).lr(rate);
  }
}

// One run of a recipe, from a checkpoint or the start to the end or the limit.
class Run {
 public:
  Run(const Recipe& recipe, const TrainOptions& options,
      model::Weights* weights, Objective* objective)
      : recipe_(recipe),
        options_(options),
        weights_(weights),
        averaged_(Copy(*weights)),
        objective_(objective) {}

  absl::StatusOr<model::Weights> ToTheEnd();

 private:
  // Runs phase `p` from `first` on.
  absl::Status RunPhase(int p, int first);
  absl::Status Step(const Phase& phase, int step,
                    torch::optim::Adam* optimizer);
  void Log(const Phase& phase, int done);
  absl::Status LogHoldout(const Phase& phase, int done);

  const Recipe& recipe_;
  const TrainOptions& options_;
  model::Weights* const weights_;
  model::Weights averaged_;
  Objective* const objective_;
  int64_t index_ = 0;      // Steps over all phases.
  int64_t num_steps_ = 0;  // Steps of this run.
  double last_loss_ = 0.0;
  std::chrono::steady_clock::time_point interval_start_;
};

absl::StatusOr<model::Weights> Run::ToTheEnd() {
  Position start;
  if (options_.resume) {
    SLUICE_ASSIGN_OR_RETURN(
        start, LoadCheckpoint(*options_.resume / "checkpoint", weights_,
                              &averaged_, objective_));
  }
  for (int p = 0; p < static_cast<int>(recipe_.phases.size()); ++p) {
    if (p < start.phase) {
      index_ += recipe_.phases[p].steps;
      continue;
    }
    const int first = p == start.phase ? start.step : 0;
    index_ += first;
    SLUICE_RETURN_IF_ERROR(RunPhase(p, first));
  }
  return std::move(averaged_);
}

absl::Status Run::RunPhase(int p, int first) {
  const Phase& phase = recipe_.phases[p];
  SLUICE_ASSIGN_OR_RETURN(
      const std::unique_ptr<torch::optim::Adam> optimizer,
      MakeOptimizer(
          SelectTrainable(phase, *objective_, weights_),
          weights_->begin()->second.device(),
          options_.resume.value_or("") / "checkpoint" / kOptimizerFile,
          /*resuming=*/first > 0));
  Progress bar = Progress::OnStderr(absl::StrCat(recipe_.name, " ", phase.name),
                                    phase.steps);
  interval_start_ = std::chrono::steady_clock::now();
  for (int done = first + 1; done <= phase.steps; ++done, ++index_) {
    SLUICE_RETURN_IF_ERROR(Step(phase, done - 1, optimizer.get()));
    bar.Update(done);
    const bool last = done == phase.steps;
    const bool stop = ++num_steps_ == options_.max_steps;
    if (done % recipe_.log_interval == 0) Log(phase, done);
    if (done % recipe_.holdout_interval == 0 || last) {
      SLUICE_RETURN_IF_ERROR(LogHoldout(phase, done));
    }
    if (done % recipe_.checkpoint_interval == 0 || last || stop) {
      const Position next = last ? Position{.phase = p + 1, .step = 0}
                                 : Position{.phase = p, .step = done};
      SLUICE_RETURN_IF_ERROR(SaveCheckpoint(
          options_.out, next, *weights_, averaged_, *optimizer, *objective_));
    }
    if (stop) {
      return absl::CancelledError(absl::StrCat("stopped after ", num_steps_,
                                               " steps; --resume goes on"));
    }
  }
  return absl::OkStatus();
}

absl::Status Run::Step(const Phase& phase, int step,
                       torch::optim::Adam* optimizer) {
  SetLearningRate(LearningRate(phase, step), optimizer);
  SLUICE_ASSIGN_OR_RETURN(
      const at::Tensor loss,
      objective_->Loss(phase, index_, static_cast<double>(step) / phase.steps));
  last_loss_ = loss.item<double>();
  if (!std::isfinite(last_loss_)) {
    return absl::InternalError(absl::StrFormat(
        "phase %s, step %d: the loss is %f", phase.name, step, last_loss_));
  }
  optimizer->zero_grad();
  loss.backward();
  const double norm = torch::nn::utils::clip_grad_norm_(
      optimizer->param_groups()[0].params(), kMaxGradientNorm);
  if (!std::isfinite(norm)) {
    return absl::InternalError(
        absl::StrFormat("phase %s, step %d: the gradient of %s is not finite",
                        phase.name, step, NotFinite(*weights_)));
  }
  optimizer->step();
  Average(*weights_, std::min(recipe_.ema_decay, (step + 1.0) / (step + 10.0)),
          &averaged_);
  return absl::OkStatus();
}

void Run::Log(const Phase& phase, int done) {
  const auto now = std::chrono::steady_clock::now();
  const double seconds =
      std::chrono::duration<double>(now - interval_start_).count();
  interval_start_ = now;
  Print(absl::StrFormat("%s %d/%d lr %.2e %.0f pictures/s loss %.4f %s",
                        phase.name, done, phase.steps,
                        LearningRate(phase, done - 1),
                        phase.batch * recipe_.log_interval / seconds,
                        last_loss_, objective_->Summary()));
}

absl::Status Run::LogHoldout(const Phase& phase, int done) {
  SLUICE_ASSIGN_OR_RETURN(
      const std::string line,
      objective_->Holdout(averaged_, recipe_.holdout_pictures));
  Print(absl::StrFormat("%s %d/%d held out: %s", phase.name, done, phase.steps,
                        line));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<model::Weights> RunPhases(const Recipe& recipe,
                                         const TrainOptions& options,
                                         model::Weights* weights,
                                         Objective* objective) {
  return Run(recipe, options, weights, objective).ToTheEnd();
}

}  // namespace sluice::train
