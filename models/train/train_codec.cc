// Stage 1: the codec learns the teacher's features. Labels play no part.
#include "models/train/train_codec.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "models/train/codec_student.h"
#include "models/train/compute_device.h"
#include "models/train/teacher_parts.h"
#include "models/train/training_data.h"
#include "models/train/training_loop.h"

namespace sluice::train {
namespace {

constexpr double kTargetPixels = 224.0 * 224.0;
constexpr int kHoldoutCrop = 224;
constexpr int kHoldoutBatch = 25;
constexpr double kInitialBeta = 0.1;
constexpr double kMinBeta = 1e-3;
constexpr double kMaxBeta = 10.0;
// log(beta) moves by this times log(bits / target bits) per step.
constexpr double kBetaStep = 0.01;
constexpr double kLooseTarget = 3.0;  // Of the target, at the warm-up's start.
constexpr double kRunningDecay = 0.98;
constexpr double kMedianStep = 0.01;
constexpr int kMetricPictures = 1024;

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

// Running means per rate; a rate absent from a batch keeps its own.
class RunningMeans {
 public:
  explicit RunningMeans(int size) : values_(size, 0.0), weights_(size, 0.0) {}
  void Add(int i, double value) {
    values_[i] = kRunningDecay * values_[i] + (1 - kRunningDecay) * value;
    weights_[i] = kRunningDecay * weights_[i] + (1 - kRunningDecay);
  }
  double operator[](int i) const {
    return weights_[i] > 0 ? values_[i] / weights_[i] : 0.0;
  }

  nlohmann::json ToJson() const {
    return {{"values", values_}, {"weights", weights_}};
  }
  bool SetFromJson(const nlohmann::json& json) {
    return json.is_object() && ReadNumbers(json, "values", &values_) &&
           ReadNumbers(json, "weights", &weights_);
  }

 private:
  std::vector<double> values_;
  std::vector<double> weights_;
};

// Uniform in [-half, half), like `x` in shape and device. Drawn on the CPU, so
// that a seed means the same numbers on every device.
at::Tensor UniformLike(const at::Tensor& x, double half,
                       at::Generator& generator) {
  return at::empty_like(x, at::TensorOptions(at::kCPU))
      .uniform_(-half, half, generator)
      .to(x.device());
}

class CodecObjective : public Objective {
 public:
  CodecObjective(const Recipe& recipe, const TrainingData& data,
                 const FeatureMetric& metric, CodecStudent student)
      : recipe_(recipe),
        teacher_(data.teacher),
        metric_(metric),
        pictures_(data.pictures),
        holdout_(data.holdout),
        device_(data.device),
        student_(std::move(student)),
        num_rates_(recipe.decoder.num_rates),
        log_beta_(num_rates_, std::log(kInitialBeta)),
        bpp_(num_rates_),
        distortion_(num_rates_),
        kl_(1) {}

  bool Trains(const Phase& phase, const std::string& name) const override {
    if (phase.trains == Phase::Trains::kEntrance) {
      return name.starts_with("entrance.");
    }
    return !name.starts_with("entrance.") && name != "rate.median";
  }

  at::Tensor Loss(const Phase& phase, int64_t index, double progress) override {
    at::Generator generator = at::detail::createCPUGenerator(
        recipe_.seed * 1000003 + static_cast<uint64_t>(index));
    const at::Tensor x =
        pictures_.Crops(index, phase.batch, phase.crop).to(device_);
    return phase.trains == Phase::Trains::kEntrance
               ? EntranceLoss(phase, x, generator)
               : CodecLoss(phase, x, progress, generator);
  }

  std::string Summary() override {
    std::string beta, bytes, distortion;
    for (int r = 0; r < num_rates_; ++r) {
      absl::StrAppendFormat(&beta, " %.3f", std::exp(log_beta_[r]));
      absl::StrAppendFormat(&bytes, " %.0f", bpp_[r] * kTargetPixels / 8);
      absl::StrAppendFormat(&distortion, " %.4f", distortion_[r]);
    }
    return absl::StrFormat("beta%s bytes%s distortion%s kl %.3f", beta, bytes,
                           distortion, kl_[0]);
  }

  absl::StatusOr<std::string> Holdout(const model::Weights& averaged,
                                      int num_pictures) override;

  nlohmann::json State() const override {
    return {{"log_beta", log_beta_},
            {"bpp", bpp_.ToJson()},
            {"distortion", distortion_.ToJson()}};
  }
  absl::Status SetState(const nlohmann::json& state) override {
    if (!state.is_object() || !ReadNumbers(state, "log_beta", &log_beta_) ||
        !bpp_.SetFromJson(state.value("bpp", nlohmann::json())) ||
        !distortion_.SetFromJson(state.value("distortion", nlohmann::json()))) {
      return absl::DataLossError(
          absl::StrCat("checkpoint: objective: expected log_beta, bpp and "
                       "distortion with ",
                       num_rates_, " numbers each"));
    }
    return absl::OkStatus();
  }

 private:
  at::Tensor CodecLoss(const Phase& phase, const at::Tensor& x, double progress,
                       at::Generator& generator);
  at::Tensor EntranceLoss(const Phase& phase, const at::Tensor& x,
                          at::Generator& generator);
  // Weighs the deep terms in when the phase asks for them.
  at::Tensor DeepLoss(const Phase& phase, const at::Tensor& features,
                      const at::Tensor& target);
  void FollowTargets(const Phase& phase, double progress,
                     const at::Tensor& rates, const at::Tensor& bpp,
                     const at::Tensor& distortion);

  const Recipe& recipe_;
  const TeacherParts& teacher_;
  const FeatureMetric& metric_;
  const PictureBatches& pictures_;
  const PictureBatches& holdout_;
  const at::Device device_;
  CodecStudent student_;
  int num_rates_;
  std::vector<double> log_beta_;
  RunningMeans bpp_;         // Bits per pixel of the crop.
  RunningMeans distortion_;  // 1: as bad as the features' mean.
  RunningMeans kl_;          // Nats.
};

at::Tensor CodecObjective::DeepLoss(const Phase& phase,
                                    const at::Tensor& features,
                                    const at::Tensor& target) {
  if (phase.deep == 0 && phase.kl == 0) return at::zeros({}, device_);
  model::MobileNetTail::Output expected;
  {
    const at::NoGradGuard no_grad;
    expected = teacher_.tail(target);
  }
  const model::MobileNetTail::Output found = teacher_.tail(features);
  const at::Tensor kl = KlDivergence(expected.logits, found.logits).mean();
  kl_.Add(0, kl.item<double>());
  return phase.kl * kl +
         phase.deep * RelativeSquaredError(found.deep, expected.deep).mean();
}

// loss = shallow * distortion + beta * rate [+ deep, kl]; distortion relative
// to the features' own variance under the metric, rate in bits per pixel.
at::Tensor CodecObjective::CodecLoss(const Phase& phase, const at::Tensor& x,
                                     double progress,
                                     at::Generator& generator) {
  const at::Tensor drawn =
      at::randint(num_rates_, {x.size(0)}, generator, at::kLong);
  const at::Tensor rates = drawn.to(device_);
  at::Tensor target, features, bits, deep;
  {
    const AutocastScope autocast(device_);
    {
      const at::NoGradGuard no_grad;
      target = teacher_.entrance(x);
    }
    const at::Tensor y = student_.encoder(x);
    student_.rate.UpdateMedian(y, kMedianStep);
    const at::Tensor noise = UniformLike(y, 0.5, generator);
    const model::RateModel::Proxy proxy =
        student_.rate.Apply(y, rates, noise, phase.first_noisy_rate);
    bits = proxy.bits;
    features = student_.decoder(proxy.y_hat, rates);
    deep = DeepLoss(phase, features, target);
  }
  const at::Tensor distortion = metric_.Distortion(features, target);
  const at::Tensor bpp = bits / static_cast<double>(phase.crop * phase.crop);
  FollowTargets(phase, progress, drawn, bpp.detach().cpu(),
                distortion.detach().cpu());
  std::vector<float> beta(num_rates_);
  std::vector<float> balance(num_rates_);  // So that no rate dominates.
  for (int r = 0; r < num_rates_; ++r) {
    beta[r] = static_cast<float>(std::exp(log_beta_[r]));
    balance[r] = static_cast<float>(distortion_[num_rates_ / 2] /
                                    std::max(distortion_[r], 1e-6));
  }
  const auto per_sample = [&](const std::vector<float>& values) {
    return at::index_select(at::tensor(values).to(device_), 0, rates);
  };
  return (per_sample(balance).clamp(0.5, 2.0) *
          (phase.shallow * distortion + per_sample(beta) * bpp))
             .mean() +
         deep;
}

// Moves every rate's beta toward its target size. Tensors are on the CPU, where
// reading them one by one costs nothing.
void CodecObjective::FollowTargets(const Phase& phase, double progress,
                                   const at::Tensor& rates,
                                   const at::Tensor& bpp,
                                   const at::Tensor& distortion) {
  for (int64_t i = 0; i < rates.size(0); ++i) {
    const int r = static_cast<int>(rates[i].item<int64_t>());
    bpp_.Add(r, bpp[i].item<double>());
    distortion_.Add(r, distortion[i].item<double>());
  }
  const double loose =
      progress < phase.rate_warmup
          ? std::pow(kLooseTarget, 1 - progress / phase.rate_warmup)
          : 1.0;
  for (int r = 0; r < num_rates_; ++r) {
    if (bpp_[r] <= 0) continue;
    const double target = recipe_.target_bytes[r] * 8 / kTargetPixels * loose;
    const double step =
        kBetaStep * std::clamp(std::log(bpp_[r] / target), -1.0, 1.0);
    // Bounded, so that a target out of reach does not wind it up.
    log_beta_[r] =
        std::clamp(log_beta_[r] + step, std::log(kMinBeta), std::log(kMaxBeta));
  }
}

// Keeps the pixel entrance at the teacher's features while its input is noisy,
// as pictures that went through a pixel codec are.
at::Tensor CodecObjective::EntranceLoss(const Phase& phase, const at::Tensor& x,
                                        at::Generator& generator) {
  const double half = phase.noise_levels / 127.5;
  const at::Tensor noisy = x + UniformLike(x, half, generator);
  at::Tensor target, features, deep;
  {
    const AutocastScope autocast(device_);
    {
      const at::NoGradGuard no_grad;
      target = teacher_.entrance(x);
    }
    features = student_.entrance(noisy);
    deep = DeepLoss(phase, features, target);
  }
  return phase.shallow * metric_.Distortion(features, target).mean() + deep;
}

absl::StatusOr<std::string> CodecObjective::Holdout(
    const model::Weights& averaged, int num_pictures) {
  SLUICE_ASSIGN_OR_RETURN(const CodecStudent student,
                          BuildCodecStudent(recipe_, averaged));
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(device_);
  const int total = static_cast<int>(
      std::min<int64_t>(num_pictures, holdout_.num_pictures()));
  const int crop = std::min(kHoldoutCrop, holdout_.max_crop() / 32 * 32);
  std::vector<double> bytes(num_rates_), kl(num_rates_), same(num_rates_);
  at::Tensor channel_bits =
      at::zeros({recipe_.encoder.latent_channels}, device_);
  double entrance_kl = 0;
  for (int first = 0; first < total; first += kHoldoutBatch) {
    const int count = std::min(kHoldoutBatch, total - first);
    const at::Tensor x = holdout_.CentreCrops(first, count, crop).to(device_);
    const at::Tensor expected = teacher_.tail(teacher_.entrance(x)).logits;
    entrance_kl +=
        KlDivergence(expected, teacher_.tail(student.entrance(x)).logits)
            .sum()
            .item<double>();
    const at::Tensor y = student.encoder(x);
    for (int r = 0; r < num_rates_; ++r) {
      const at::Tensor rates =
          at::full({count}, r, at::device(device_).dtype(at::kLong));
      const at::Tensor bits = student.rate.RoundedBits(y, rates);
      const at::Tensor y_hat = student.rate.RoundedLatent(y, rates);
      const at::Tensor logits =
          teacher_.tail(student.decoder(y_hat, rates)).logits;
      bytes[r] += bits.sum().item<double>() / 8;
      kl[r] += KlDivergence(expected, logits).sum().item<double>();
      same[r] += (logits.argmax(1) == expected.argmax(1)).sum().item<double>();
      if (r == num_rates_ - 1) channel_bits += bits.sum(0);
    }
  }
  std::string line;
  for (int r = 0; r < num_rates_; ++r) {
    absl::StrAppendFormat(&line, "rate %d: %.0f bytes kl %.3f same %.1f%%; ", r,
                          bytes[r] / total, kl[r] / total,
                          100 * same[r] / total);
  }
  const int live = static_cast<int>(
      (channel_bits / total > 0.005 * crop * crop / 64).sum().item<int64_t>());
  absl::StrAppendFormat(&line, "entrance kl %.4f; %d of %d channels live",
                        entrance_kl / total, live,
                        recipe_.encoder.latent_channels);
  return line;
}

}  // namespace

absl::Status TrainCodec(const Recipe& recipe, const TrainOptions& options,
                        at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(const TrainingData data,
                          OpenTrainingData(recipe, options, device));
  const PictureBatches& pictures = data.pictures;
  const FeatureMetric metric = EstimateFeatureMetric(
      data.teacher, pictures, kMetricPictures, recipe.seed, device);
  model::Weights weights;
  if (options.init) {
    SLUICE_ASSIGN_OR_RETURN(
        const artifact::CodecArtifact codec,
        artifact::LoadCodec(*options.init, artifact::CodecHalf::kBoth));
    SLUICE_ASSIGN_OR_RETURN(weights, WeightsFromCodec(recipe, codec, pictures));
  } else {
    SLUICE_ASSIGN_OR_RETURN(
        weights, InitCodecWeights(recipe, data.teacher, metric, pictures));
  }
  weights = OnDevice(weights, device);
  SLUICE_ASSIGN_OR_RETURN(CodecStudent student,
                          BuildCodecStudent(recipe, weights));
  CodecObjective objective(recipe, data, metric, std::move(student));
  SLUICE_ASSIGN_OR_RETURN(const model::Weights averaged,
                          RunPhases(recipe, options, &weights, &objective));
  const nlohmann::json about = {
      {"recipe", recipe.name},
      {"provenance", recipe.provenance},
      {"target_bytes", recipe.target_bytes},
      {"num_training_pictures", pictures.num_pictures()}};
  SLUICE_ASSIGN_OR_RETURN(
      const std::string id,
      ExportCodec(recipe, OnDevice(averaged, at::kCPU), pictures, about,
                  options.out / "artifact"));
  std::cout << "codec " << id << " in " << (options.out / "artifact").string()
            << std::endl;
  return absl::OkStatus();
}

}  // namespace sluice::train
