// How training weighs bits: a beta per rate, fixed or following a target size.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace sluice::train {

// Running means per rate; a rate absent from a batch keeps its own.
class RunningMeans {
 public:
  explicit RunningMeans(int size) : values_(size, 0.0), weights_(size, 0.0) {}

  void Add(int i, double value);
  double operator[](int i) const {
    return weights_[i] > 0 ? values_[i] / weights_[i] : 0.0;
  }

  // A weight per index, float32, under which each weighs what all weigh on
  // average, within a factor of ten; 1 for those without a value yet.
  at::Tensor EvenWeights() const;

  nlohmann::json ToJson() const;
  bool SetFromJson(const nlohmann::json& json);  // False: does not fit.

 private:
  std::vector<double> values_;
  std::vector<double> weights_;
};

// Adds values[i] at indices[i]: int64 and float32 [N].
void AddPerIndex(const at::Tensor& indices, const at::Tensor& values,
                 RunningMeans* means);

class RateControl {
 public:
  // One beta per rate, moving until frames of a 224 x 224 view have the target
  // sizes: from `betas` on where there are any, and `haste` times as fast.
  static RateControl Following(std::vector<double> target_bytes,
                               const std::vector<double>& betas = {},
                               double haste = 1.0);
  // One rate; its size is what comes of it.
  static RateControl Fixed(double beta);

  int num_rates() const { return static_cast<int>(log_beta_.size()); }

  // `warmup` goes from 0 to 1 while bits are to count less than in the end,
  // lest a latent is emptied before anything has learned to use it: targets
  // start at 3 times their value, a fixed beta at a hundredth.

  // Takes in a batch: `rates` int64 [N], `bpp` and `distortion` float32 [N], on
  // the CPU, where reading them one by one costs nothing.
  void Observe(const at::Tensor& rates, const at::Tensor& bpp,
               const at::Tensor& distortion, double warmup);

  // Per rate, float32 [R].
  at::Tensor Betas(double warmup) const;

  // "beta 0.100 bytes 1402 distortion 0.3100", a number per rate each.
  std::string Summary() const;

  nlohmann::json State() const;
  // DataLoss when it is not of as many rates.
  absl::Status SetState(const nlohmann::json& state);

 private:
  RateControl(std::vector<double> target_bytes, std::vector<double> log_beta);

  std::vector<double> target_bytes_;  // Empty: betas stay.
  std::vector<double> log_beta_;
  double haste_ = 1.0;
  RunningMeans bpp_;         // Bits per pixel of the crop.
  RunningMeans distortion_;  // In the objective's unit.
};

}  // namespace sluice::train
