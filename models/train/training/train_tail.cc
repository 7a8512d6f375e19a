#include "models/train/training/train_tail.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/frozen_codec.h"
#include "models/train/training/rate_control.h"
#include "models/train/training/tail_parts.h"
#include "models/train/training/teacher_parts.h"
#include "models/train/training/training_data.h"
#include "models/train/training/training_loop.h"

namespace sluice::train {
namespace {

constexpr int kHoldoutCrop = 224;
constexpr int kHoldoutBatch = 25;

class TailObjective : public Objective {
 public:
  TailObjective(const Recipe& recipe, const TrainingData& data,
                std::span<const FrozenCodec> codecs, model::Weights weights,
                model::MobileNetTail tail)
      : recipe_(recipe),
        teacher_(data.teacher),
        pictures_(data.pictures),
        holdout_(data.holdout),
        device_(data.device),
        codecs_(codecs),
        weights_(std::move(weights)),
        tail_(std::move(tail)),
        kl_(NumEntrances(codecs)) {}

  bool Trains(const Phase& phase, const std::string& name) const override {
    return TrainsTailWeight(phase, name);
  }
  absl::StatusOr<at::Tensor> Loss(const Phase& phase, int64_t index,
                                  double progress) override;
  std::string Summary() override {
    const std::string line =
        absl::StrFormat("kl %.4f", num_steps_ > 0 ? kl_sum_ / num_steps_ : 0.0);
    kl_sum_ = 0;
    num_steps_ = 0;
    return line;
  }
  absl::StatusOr<std::string> Holdout(const model::Weights& averaged,
                                      int num_pictures) override;
  nlohmann::json State() const override { return {{"kl", kl_.ToJson()}}; }
  absl::Status SetState(const nlohmann::json& state) override {
    return state.is_object() &&
                   kl_.SetFromJson(state.value("kl", nlohmann::json()))
               ? absl::OkStatus()
               : absl::DataLossError("checkpoint: objective: expected kl");
  }

 private:
  const Recipe& recipe_;
  const TeacherParts& teacher_;
  const PictureBatches& pictures_;
  const PictureBatches& holdout_;
  const at::Device device_;
  const std::span<const FrozenCodec> codecs_;
  model::Weights weights_;
  model::MobileNetTail tail_;
  RunningMeans kl_;  // Per codec: its rates, then its pixel entrance.
  double kl_sum_ = 0;
  int num_steps_ = 0;
};

// loss = kl * KL(teacher || tail) + deep * relative error at block 12
//        + anchor * ||w - w_teacher||^2, the first two weighted so that no rate
// dominates.
absl::StatusOr<at::Tensor> TailObjective::Loss(const Phase& phase,
                                               int64_t index,
                                               double /*progress*/) {
  const at::Tensor x =
      pictures_.Crops(index, phase.batch, phase.crop).to(device_);
  MixedFeatures mixed;
  at::Tensor kl, deep;
  {
    const AutocastScope autocast(device_);
    model::MobileNetTail::Output expected;
    {
      const at::NoGradGuard no_grad;
      expected = teacher_.tail(teacher_.entrance(x));
      mixed = MixFeatures(codecs_, x, phase.pixel_share, recipe_.seed, index);
    }
    const model::MobileNetTail::Output found = tail_(mixed.features);
    kl = KlDivergence(expected.logits, found.logits);
    deep = RelativeSquaredError(found.deep, expected.deep);
  }
  AddPerIndex(mixed.entrances, kl, &kl_);
  kl_sum_ += kl.mean().item<double>();
  ++num_steps_;
  at::Tensor drift = at::zeros({}, device_);
  if (phase.anchor > 0) {
    for (const auto& [name, weight] : weights_) {
      drift = drift + (weight - teacher_.weights.tail.at(name)).square().sum();
    }
  }
  const at::Tensor even = at::index_select(kl_.EvenWeights().to(device_), 0,
                                           mixed.entrances.to(device_));
  return (even * (phase.kl * kl + phase.deep * deep)).mean() +
         phase.anchor * drift;
}

absl::StatusOr<std::string> TailObjective::Holdout(
    const model::Weights& averaged, int num_pictures) {
  SLUICE_ASSIGN_OR_RETURN(
      const model::MobileNetTail tail,
      model::MobileNetTail::Create(
          averaged, static_cast<int>(averaged.at("classifier.bias").numel())));
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(device_);
  const int total = static_cast<int>(
      std::min<int64_t>(num_pictures, holdout_.num_pictures()));
  const int crop = std::min(kHoldoutCrop, holdout_.max_crop() / 32 * 32);
  const int num_entrances = NumEntrances(codecs_);
  std::vector<double> kl(num_entrances), same(num_entrances);
  std::vector<std::string> names(num_entrances);
  for (int first = 0; first < total; first += kHoldoutBatch) {
    const int count = std::min(kHoldoutBatch, total - first);
    const at::Tensor x = holdout_.CentreCrops(first, count, crop).to(device_);
    const at::Tensor expected = teacher_.tail(teacher_.entrance(x)).logits;
    int entrance = 0;
    for (size_t k = 0; k < codecs_.size(); ++k) {
      for (int r = 0; r <= codecs_[k].num_rates(); ++r, ++entrance) {
        const bool pixels = r == codecs_[k].num_rates();
        names[entrance] = absl::StrFormat(
            "codec %d %s", k, pixels ? "pixels" : absl::StrCat("rate ", r));
        const at::Tensor rates =
            at::full({count}, r, at::device(device_).dtype(at::kLong));
        const at::Tensor features =
            pixels ? codecs_[k].Enter(x) : codecs_[k].Features(x, rates);
        const at::Tensor logits = tail(features).logits;
        kl[entrance] += KlDivergence(expected, logits).sum().item<double>();
        same[entrance] +=
            (logits.argmax(1) == expected.argmax(1)).sum().item<double>();
      }
    }
  }
  std::string line;
  for (int i = 0; i < num_entrances; ++i) {
    absl::StrAppendFormat(&line, "%s kl %.3f same %.1f%%; ", names[i],
                          kl[i] / total, 100 * same[i] / total);
  }
  return line;
}

}  // namespace

absl::Status TrainTail(const Recipe& recipe, const TrainOptions& options,
                       at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(const TrainingData data,
                          OpenTrainingData(recipe, options, device));
  SLUICE_ASSIGN_OR_RETURN(const TailCodecs codecs,
                          OpenTailCodecs(recipe, device));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<std::string> labels,
                          ReadLabelLines(recipe.labels));
  model::Weights weights;
  if (options.init) {
    SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact tail,
                            artifact::LoadTail(*options.init));
    SLUICE_ASSIGN_OR_RETURN(weights, model::WeightsFromTensors(tail.weights));
  } else {
    for (const auto& [name, weight] : data.teacher.weights.tail) {
      weights.emplace(name, weight.clone());
    }
  }
  weights = OnDevice(weights, device);
  SLUICE_ASSIGN_OR_RETURN(
      model::MobileNetTail tail,
      model::MobileNetTail::Create(weights, static_cast<int>(labels.size())));
  TailObjective objective(recipe, data, codecs.networks, weights,
                          std::move(tail));
  SLUICE_ASSIGN_OR_RETURN(const model::Weights averaged,
                          RunPhases(recipe, options, &weights, &objective));
  return ExportTail(recipe, options, "classification", codecs, labels,
                    data.pictures.num_pictures(), averaged);
}

}  // namespace sluice::train
