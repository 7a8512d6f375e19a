// Stage 1: the codec learns the teacher's features. Labels play no part.
#include "models/train/training/train_codec.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "models/train/training/codec_student.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/rate_control.h"
#include "models/train/training/teacher_parts.h"
#include "models/train/training/training_data.h"
#include "models/train/training/training_loop.h"
#include "models/train/training/warm_start.h"

namespace sluice::train {
namespace {

constexpr int kHoldoutCrop = 224;
constexpr int kHoldoutBatch = 25;
constexpr double kMedianStep = 0.01;
constexpr int kMetricPictures = 1024;

// Uniform in [-half, half), like `x` in shape and device. Drawn on the CPU, so
// that a seed means the same numbers on every device.
at::Tensor UniformLike(const at::Tensor& x, double half,
                       at::Generator& generator) {
  return at::empty_like(x, at::TensorOptions(at::kCPU))
      .uniform_(-half, half, generator)
      .to(x.device());
}

// Features and their target behind the teacher's frozen tail.
struct Behind {
  model::MobileNetTail::Output found;
  model::MobileNetTail::Output expected;
};
Behind RunTail(const TeacherParts& teacher, const at::Tensor& features,
               const at::Tensor& target) {
  Behind behind;
  {
    const at::NoGradGuard no_grad;
    behind.expected = teacher.tail(target);
  }
  behind.found = teacher.tail(features);
  return behind;
}

class CodecObjective : public Objective {
 public:
  CodecObjective(const Recipe& recipe, const TrainingData& data,
                 const FeatureMetric& metric, CodecStudent student,
                 RateControl rate_control)
      : recipe_(recipe),
        teacher_(data.teacher),
        metric_(metric),
        pictures_(data.pictures),
        holdout_(data.holdout),
        device_(data.device),
        student_(std::move(student)),
        matches_stages_(recipe.beta > 0),
        rate_control_(std::move(rate_control)),
        loss_(recipe.spec.num_rates),
        kl_(1) {}

  bool Trains(const Phase& phase, const std::string& name) const override {
    switch (phase.trains) {
      case Phase::Trains::kEntrance:
        return name.starts_with("entrance.");
      case Phase::Trains::kDecoder:
        return name.starts_with("decoder.");
      case Phase::Trains::kDensity:
        return name.starts_with("rate.mix_") ||
               name.starts_with("entropy_bottleneck.");
      case Phase::Trains::kEncoder:
        return !name.starts_with("entrance.") &&
               !name.starts_with("decoder.") && name != "rate.median";
      default:
        return !name.starts_with("entrance.") && name != "rate.median";
    }
  }

  absl::StatusOr<at::Tensor> Loss(const Phase& phase, int64_t index,
                                  double progress) override {
    at::Generator generator = at::detail::createCPUGenerator(
        recipe_.seed * 1000003 + static_cast<uint64_t>(index));
    const at::Tensor x =
        pictures_.Crops(index, phase.batch, phase.crop).to(device_);
    return phase.trains == Phase::Trains::kEntrance
               ? EntranceLoss(phase, x, generator)
               : CodecLoss(phase, x, progress, generator);
  }

  std::string Summary() override {
    return absl::StrFormat("%s kl %.3f", rate_control_.Summary(), kl_[0]);
  }

  absl::StatusOr<std::string> Holdout(const model::Weights& averaged,
                                      int num_pictures) override;

  nlohmann::json State() const override {
    nlohmann::json state = rate_control_.State();
    state["loss"] = loss_.ToJson();
    return state;
  }
  absl::Status SetState(const nlohmann::json& state) override {
    SLUICE_RETURN_IF_ERROR(rate_control_.SetState(state));
    return loss_.SetFromJson(state.value("loss", nlohmann::json()))
               ? absl::OkStatus()
               : absl::DataLossError("checkpoint: objective: expected loss");
  }

 private:
  at::Tensor CodecLoss(const Phase& phase, const at::Tensor& x, double progress,
                       at::Generator& generator);
  at::Tensor EntranceLoss(const Phase& phase, const at::Tensor& x,
                          at::Generator& generator);
  // The terms that a phase weighs in beside distortion and rate, [N].
  at::Tensor DeepLoss(const Phase& phase, const Behind& behind);

  const Recipe& recipe_;
  const TeacherParts& teacher_;
  const FeatureMetric& metric_;
  const PictureBatches& pictures_;
  const PictureBatches& holdout_;
  const at::Device device_;
  CodecStudent student_;
  bool matches_stages_;
  RateControl rate_control_;
  RunningMeans loss_;  // Per rate, so that none dominates.
  RunningMeans kl_;    // Nats.
};

at::Tensor CodecObjective::DeepLoss(const Phase& phase, const Behind& behind) {
  const at::Tensor kl =
      KlDivergence(behind.expected.logits, behind.found.logits);
  kl_.Add(0, kl.mean().item<double>());
  const at::Tensor error =
      matches_stages_
          ? RelativeSquaredErrors(behind.found.stages, behind.expected.stages)
          : RelativeSquaredError(behind.found.deep, behind.expected.deep);
  return phase.kl * kl + phase.deep * error;
}

// loss = shallow * distortion + beta * rate [+ deep, kl], rate in bits per
// pixel. Distortion is relative to the features' own variance under the metric.
// At a fixed beta it is SC2's, squared errors at the seam and, weighted by
// `deep`, at the stages behind it; each relative to its own energy, for those
// of MobileNetV2 are thirty times the seam's, and nothing else would be learnt.
at::Tensor CodecObjective::CodecLoss(const Phase& phase, const at::Tensor& x,
                                     double progress,
                                     at::Generator& generator) {
  const at::Tensor drawn =
      at::randint(rate_control_.num_rates(), {x.size(0)}, generator, at::kLong);
  const at::Tensor rates = drawn.to(device_);
  const double num_pixels = static_cast<double>(phase.crop) * phase.crop;
  at::Tensor target, features, bits, sent_bits;
  at::Tensor deep = at::zeros({}, device_);
  {
    const AutocastScope autocast(device_);
    {
      const at::NoGradGuard no_grad;
      target = teacher_.entrance(x);
    }
    const at::Tensor y = (*student_.encoder)(x);
    if (phase.trains != Phase::Trains::kDecoder) {
      student_.latent->UpdateMedian(y, kMedianStep);
    }
    const at::Tensor noise = UniformLike(y, 0.5, generator);
    const model::LatentModel::Proxy proxy =
        student_.latent->Apply(y, rates, noise, phase.first_noisy_rate);
    bits = proxy.bits;
    sent_bits = student_.latent->RoundedBits(y.detach(), rates).detach().sum(1);
    features = (*student_.decoder)(proxy.y_hat, rates);
    if (phase.deep != 0 || phase.kl != 0) {
      deep = DeepLoss(phase, RunTail(teacher_, features, target));
    }
  }
  const at::Tensor distortion = matches_stages_
                                    ? RelativeSquaredError(features, target)
                                    : metric_.Distortion(features, target);
  const at::Tensor bpp = bits / num_pixels;
  const double warmup =
      progress < phase.rate_warmup ? progress / phase.rate_warmup : 1.0;
  // Sizes follow what is sent: where most symbols are 0, noise costs far more.
  rate_control_.Observe(drawn, sent_bits / num_pixels, distortion, warmup);
  const auto per_sample = [&](const at::Tensor& per_rate) {
    return at::index_select(per_rate.to(device_), 0, rates);
  };
  const at::Tensor loss = phase.shallow * distortion +
                          per_sample(rate_control_.Betas(warmup)) * bpp + deep;
  AddPerIndex(drawn, loss, &loss_);
  return (per_sample(loss_.EvenWeights()) * loss).mean();
}

// Keeps the pixel entrance at the teacher's features while its input is noisy,
// as pictures that went through a pixel codec are.
at::Tensor CodecObjective::EntranceLoss(const Phase& phase, const at::Tensor& x,
                                        at::Generator& generator) {
  const double half = phase.noise_levels / 127.5;
  const at::Tensor noisy = x + UniformLike(x, half, generator);
  at::Tensor target, features, deep = at::zeros({}, device_);
  {
    const AutocastScope autocast(device_);
    {
      const at::NoGradGuard no_grad;
      target = teacher_.entrance(x);
    }
    features = student_.entrance(noisy);
    if (phase.deep != 0 || phase.kl != 0) {
      deep = DeepLoss(phase, RunTail(teacher_, features, target));
    }
  }
  return (phase.shallow * metric_.Distortion(features, target) + deep).mean();
}

absl::StatusOr<std::string> CodecObjective::Holdout(
    const model::Weights& averaged, int num_pictures) {
  SLUICE_ASSIGN_OR_RETURN(const CodecStudent student,
                          BuildCodecStudent(recipe_, averaged));
  const int num_rates = recipe_.spec.num_rates;
  const int num_channels = recipe_.spec.latent_channels;
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(device_);
  const int total = static_cast<int>(
      std::min<int64_t>(num_pictures, holdout_.num_pictures()));
  const int crop = std::min(kHoldoutCrop, holdout_.max_crop() / 32 * 32);
  std::vector<double> bytes(num_rates), kl(num_rates), same(num_rates);
  at::Tensor channel_bits = at::zeros({num_channels}, device_);
  double entrance_kl = 0;
  for (int first = 0; first < total; first += kHoldoutBatch) {
    const int count = std::min(kHoldoutBatch, total - first);
    const at::Tensor x = holdout_.CentreCrops(first, count, crop).to(device_);
    const at::Tensor expected = teacher_.tail(teacher_.entrance(x)).logits;
    entrance_kl +=
        KlDivergence(expected, teacher_.tail(student.entrance(x)).logits)
            .sum()
            .item<double>();
    const at::Tensor y = (*student.encoder)(x);
    for (int r = 0; r < num_rates; ++r) {
      const at::Tensor rates =
          at::full({count}, r, at::device(device_).dtype(at::kLong));
      const at::Tensor bits = student.latent->RoundedBits(y, rates);
      const at::Tensor y_hat = student.latent->RoundedLatent(y, rates);
      const at::Tensor logits =
          teacher_.tail((*student.decoder)(y_hat, rates)).logits;
      bytes[r] += bits.sum().item<double>() / 8;
      kl[r] += KlDivergence(expected, logits).sum().item<double>();
      same[r] += (logits.argmax(1) == expected.argmax(1)).sum().item<double>();
      if (r == num_rates - 1) channel_bits += bits.sum(0);
    }
  }
  std::string line;
  for (int r = 0; r < num_rates; ++r) {
    absl::StrAppendFormat(&line, "rate %d: %.0f bytes kl %.3f same %.1f%%; ", r,
                          bytes[r] / total, kl[r] / total,
                          100 * same[r] / total);
  }
  const int live = static_cast<int>(
      (channel_bits / total > 0.005 * crop * crop / 64).sum().item<int64_t>());
  absl::StrAppendFormat(&line, "entrance kl %.4f; %d of %d channels live",
                        entrance_kl / total, live, num_channels);
  return line;
}

}  // namespace

absl::StatusOr<model::Weights> TrainCodecWeights(const Recipe& recipe,
                                                 const TrainOptions& options,
                                                 const TrainingData& data,
                                                 const FeatureMetric& metric,
                                                 RateControl rate_control,
                                                 model::Weights weights) {
  SLUICE_ASSIGN_OR_RETURN(CodecStudent student,
                          BuildCodecStudent(recipe, weights));
  CodecObjective objective(recipe, data, metric, std::move(student),
                           std::move(rate_control));
  return RunPhases(recipe, options, &weights, &objective);
}

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
        artifact::CodecArtifact codec,
        artifact::LoadCodec(*options.init, artifact::CodecHalf::kBoth));
    SLUICE_ASSIGN_OR_RETURN(
        weights, codec.spec.family != recipe.spec.family ||
                         codec.spec.num_rates == recipe.spec.num_rates
                     ? WeightsFromCodec(recipe, codec, pictures)
                     : WeightsWithRates(recipe, std::move(codec), pictures));
  } else {
    SLUICE_ASSIGN_OR_RETURN(
        weights, InitCodecWeights(recipe, data.teacher, metric, pictures));
  }
  SLUICE_ASSIGN_OR_RETURN(
      const model::Weights averaged,
      TrainCodecWeights(recipe, options, data, metric,
                        recipe.beta > 0
                            ? RateControl::Fixed(recipe.beta)
                            : RateControl::Following(recipe.target_bytes,
                                                     recipe.initial_betas),
                        OnDevice(weights, device)));
  nlohmann::json about = {{"recipe", recipe.name},
                          {"provenance", recipe.provenance},
                          {"num_training_pictures", pictures.num_pictures()}};
  if (recipe.beta > 0) {
    about["beta"] = recipe.beta;
  } else {
    about["target_bytes"] = recipe.target_bytes;
  }
  SLUICE_ASSIGN_OR_RETURN(
      const std::string id,
      ExportCodec(recipe, OnDevice(averaged, at::kCPU), pictures, about,
                  options.out / "artifact"));
  std::cout << "codec " << id << " in " << (options.out / "artifact").string()
            << std::endl;
  return absl::OkStatus();
}

}  // namespace sluice::train
