#include "models/train/training/rate_control.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sluice::train {
namespace {

constexpr double kTargetPixels = 224.0 * 224.0;
constexpr double kInitialBeta = 0.1;
constexpr double kMinBeta = 1e-3;
constexpr double kMaxBeta = 100.0;
// log(beta) moves by this times log(bits / target bits) per step.
constexpr double kBetaStep = 0.02;
constexpr double kLooseTarget = 3.0;  // Of the target, at a warm-up's start.
constexpr double kSmallBeta = 0.01;   // Of a fixed beta, likewise.
constexpr double kRunningDecay = 0.98;
constexpr double kMostUneven = 10.0;

// Replaces `values` by as many numbers under `key`; false when they are not
// there.
bool ReadNumbers(const nlohmann::json& object, const char* key,
                 std::vector<double>* values) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() ||
      found->size() != values->size() ||
      !std::all_of(found->begin(), found->end(),
                   [](const nlohmann::json& v) { return v.is_number(); })) {
    return false;
  }
  *values = found->get<std::vector<double>>();
  return true;
}

}  // namespace

void RunningMeans::Add(int i, double value) {
  values_[i] = kRunningDecay * values_[i] + (1 - kRunningDecay) * value;
  weights_[i] = kRunningDecay * weights_[i] + (1 - kRunningDecay);
}

at::Tensor RunningMeans::EvenWeights() const {
  const int size = static_cast<int>(values_.size());
  double sum = 0, count = 0;
  for (int i = 0; i < size; ++i) {
    sum += (*this)[i];
    count += weights_[i] > 0 ? 1 : 0;
  }
  std::vector<float> weights(size, 1.0f);
  for (int i = 0; i < size; ++i) {
    if ((*this)[i] <= 0) continue;
    weights[i] = static_cast<float>(
        std::clamp(sum / count / (*this)[i], 1 / kMostUneven, kMostUneven));
  }
  return at::tensor(weights);
}

nlohmann::json RunningMeans::ToJson() const {
  return {{"values", values_}, {"weights", weights_}};
}

bool RunningMeans::SetFromJson(const nlohmann::json& json) {
  return json.is_object() && ReadNumbers(json, "values", &values_) &&
         ReadNumbers(json, "weights", &weights_);
}

void AddPerIndex(const at::Tensor& indices, const at::Tensor& values,
                 RunningMeans* means) {
  // On the CPU, where reading them one by one costs nothing.
  const at::Tensor found = values.detach().cpu();
  for (int64_t i = 0; i < indices.size(0); ++i) {
    means->Add(static_cast<int>(indices[i].item<int64_t>()),
               found[i].item<double>());
  }
}

RateControl::RateControl(std::vector<double> target_bytes,
                         std::vector<double> log_beta)
    : target_bytes_(std::move(target_bytes)),
      log_beta_(std::move(log_beta)),
      bpp_(num_rates()),
      distortion_(num_rates()) {}

RateControl RateControl::Following(std::vector<double> target_bytes,
                                   const std::vector<double>& betas,
                                   double haste) {
  std::vector<double> log_beta(target_bytes.size(), std::log(kInitialBeta));
  for (size_t r = 0; r < betas.size(); ++r) {
    log_beta[r] = std::log(std::clamp(betas[r], kMinBeta, kMaxBeta));
  }
  RateControl control(std::move(target_bytes), std::move(log_beta));
  control.haste_ = haste;
  return control;
}

RateControl RateControl::Fixed(double beta) {
  return RateControl({}, {std::log(beta)});
}

void RateControl::Observe(const at::Tensor& rates, const at::Tensor& bpp,
                          const at::Tensor& distortion, double warmup) {
  const double looseness = std::pow(kLooseTarget, 1 - warmup);
  AddPerIndex(rates, bpp, &bpp_);
  AddPerIndex(rates, distortion, &distortion_);
  for (size_t r = 0; r < target_bytes_.size(); ++r) {
    const double found = bpp_[static_cast<int>(r)];
    if (found <= 0) continue;
    const double target = target_bytes_[r] * 8 / kTargetPixels * looseness;
    const double step =
        haste_ * kBetaStep * std::clamp(std::log(found / target), -1.0, 1.0);
    // Bounded, so that a target out of reach does not wind it up.
    log_beta_[r] =
        std::clamp(log_beta_[r] + step, std::log(kMinBeta), std::log(kMaxBeta));
  }
}

at::Tensor RateControl::Betas(double warmup) const {
  // Betas that follow loose targets are small by themselves.
  const double scale =
      target_bytes_.empty() ? std::pow(kSmallBeta, 1 - warmup) : 1.0;
  std::vector<float> betas;
  for (const double log_beta : log_beta_) {
    betas.push_back(static_cast<float>(scale * std::exp(log_beta)));
  }
  return at::tensor(betas);
}

std::string RateControl::Summary() const {
  std::string beta, bytes, distortion;
  for (int r = 0; r < num_rates(); ++r) {
    absl::StrAppendFormat(&beta, " %.3f", std::exp(log_beta_[r]));
    absl::StrAppendFormat(&bytes, " %.0f", bpp_[r] * kTargetPixels / 8);
    absl::StrAppendFormat(&distortion, " %.4f", distortion_[r]);
  }
  return absl::StrCat("beta", beta, " bytes", bytes, " distortion", distortion);
}

nlohmann::json RateControl::State() const {
  return {{"log_beta", log_beta_},
          {"bpp", bpp_.ToJson()},
          {"distortion", distortion_.ToJson()}};
}

absl::Status RateControl::SetState(const nlohmann::json& state) {
  if (!state.is_object() || !ReadNumbers(state, "log_beta", &log_beta_) ||
      !bpp_.SetFromJson(state.value("bpp", nlohmann::json())) ||
      !distortion_.SetFromJson(state.value("distortion", nlohmann::json()))) {
    return absl::DataLossError(
        absl::StrCat("checkpoint: objective: expected log_beta, bpp and "
                     "distortion with ",
                     num_rates(), " numbers each"));
  }
  return absl::OkStatus();
}

}  // namespace sluice::train
