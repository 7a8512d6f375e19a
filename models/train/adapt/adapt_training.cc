#include "models/train/adapt/adapt_training.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "models/train/training/codec_student.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/rate_control.h"
#include "models/train/training/recipe.h"
#include "models/train/training/train_codec.h"

namespace sluice::train {
namespace {

constexpr int kBatch = 16;
constexpr int kDensityBatches = 8;
constexpr int kDensitySteps = 200;
constexpr double kDensityLearningRate = 0.02;
constexpr int kSizeBatches = 40;
constexpr int kSlopeBatches = 4;
constexpr double kBetaHaste = 3.0;
constexpr double kUnknownBeta = 0.1;  // One rate has no neighbour to tell.
// Apart from training's batches and the metric's.
constexpr int64_t kFirstBatch = int64_t{1} << 42;

Recipe MakeRecipe(const AdaptTraining& training) {
  Recipe recipe;
  recipe.name = training.name;
  recipe.seed = training.seed;
  recipe.spec = training.codec.spec;
  recipe.checkpoint_interval = 50;
  recipe.holdout_interval = std::max(1, training.steps / 2);
  recipe.holdout_pictures = 50;
  const int crop =
      std::min(kAdaptCrop, training.data.pictures.max_crop() / 32 * 32);
  recipe.phases = {{.name = "adapt",
                    .trains = Phase::Trains::kEncoder,
                    .steps = training.steps,
                    .batch = kBatch,
                    .crop = crop,
                    .learning_rate = 2e-4,
                    .final_learning_rate = 1e-5,
                    .warmup_steps = std::min(20, training.steps / 10),
                    .deep = 0.2,
                    .kl = 0.2}};
  return recipe;
}

at::Tensor NoiseLike(const at::Tensor& y, at::Generator& generator) {
  return at::empty_like(y, at::TensorOptions(at::kCPU))
      .uniform_(-0.5, 0.5, generator)
      .to(y.device());
}

// Latents of batches of random crops, as training has them.
class Latents {
 public:
  Latents(const AdaptTraining& training, const Recipe& recipe,
          const CodecStudent& student)
      : data_(training.data),
        phase_(recipe.phases.front()),
        student_(student),
        generator_(at::detail::createCPUGenerator(recipe.seed)) {}

  int num_pixels() const { return phase_.crop * phase_.crop; }
  at::Tensor Pictures(int batch) const {
    return data_.pictures.Crops(kFirstBatch + batch, phase_.batch, phase_.crop)
        .to(data_.device);
  }
  at::Tensor Encode(const at::Tensor& pictures) const {
    const at::NoGradGuard no_grad;
    const AutocastScope autocast(data_.device);
    return (*student_.encoder)(pictures);
  }
  model::LatentModel::Proxy Quantize(const at::Tensor& y,
                                     const at::Tensor& rates) {
    return student_.latent->Apply(y, rates, NoiseLike(y, generator_),
                                  phase_.first_noisy_rate);
  }
  model::LatentModel::Proxy Quantize(const at::Tensor& y, int rate) {
    return Quantize(y, at::full({y.size(0)}, rate,
                                at::device(y.device()).dtype(at::kLong)));
  }
  at::Tensor RandomRates(int num_rates) {
    return at::randint(num_rates, {phase_.batch}, generator_, at::kLong)
        .to(data_.device);
  }

 private:
  const TrainingData& data_;
  const Phase& phase_;
  const CodecStudent& student_;
  at::Generator generator_;
};

// A codec ships no density, only the tables made from it, so that it is fitted
// to the latents before anything else learns from it.
void FitDensity(int num_rates, const model::Weights& weights,
                Latents* latents) {
  std::vector<at::Tensor> density;
  for (const auto& [name, weight] : weights) {
    if (name.starts_with("rate.mix")) density.push_back(weight);
  }
  for (at::Tensor& weight : density) weight.set_requires_grad(true);
  std::vector<at::Tensor> batches;
  for (int i = 0; i < kDensityBatches; ++i) {
    batches.push_back(latents->Encode(latents->Pictures(i)));
  }
  torch::optim::Adam optimizer(density, kDensityLearningRate);
  for (int step = 0; step < kDensitySteps; ++step) {
    const at::Tensor& y = batches[step % kDensityBatches];
    const at::Tensor bits =
        latents->Quantize(y, latents->RandomRates(num_rates)).bits;
    optimizer.zero_grad();
    (bits.sum() / static_cast<double>(y.numel())).backward();
    optimizer.step();
  }
  for (at::Tensor& weight : density) weight.set_requires_grad(false);
}

// Mean bits per pixel of every rate.
std::vector<double> MeasureSizes(int num_rates, Latents* latents) {
  const at::NoGradGuard no_grad;
  std::vector<double> bpp(num_rates, 0.0);
  for (int i = 0; i < kSizeBatches; ++i) {
    const at::Tensor y = latents->Encode(latents->Pictures(i));
    for (int r = 0; r < num_rates; ++r) {
      bpp[r] += latents->Quantize(y, r).bits.mean().item<double>() /
                latents->num_pixels() / kSizeBatches;
    }
  }
  return bpp;
}

// What training would pay at every rate beside bits.
std::vector<double> MeasureLosses(const AdaptTraining& training,
                                  const Phase& phase,
                                  const CodecStudent& student,
                                  Latents* latents) {
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(training.data.device);
  const TeacherParts& teacher = training.data.teacher;
  std::vector<double> losses(training.codec.spec.num_rates, 0.0);
  for (int i = 0; i < kSlopeBatches; ++i) {
    const at::Tensor x = latents->Pictures(i);
    const at::Tensor target = teacher.entrance(x);
    const model::MobileNetTail::Output expected = teacher.tail(target);
    const at::Tensor y = latents->Encode(x);
    for (size_t r = 0; r < losses.size(); ++r) {
      const at::Tensor rates =
          at::full({x.size(0)}, static_cast<int>(r),
                   at::device(x.device()).dtype(at::kLong));
      const at::Tensor features =
          (*student.decoder)(latents->Quantize(y, rates).y_hat, rates);
      const model::MobileNetTail::Output found = teacher.tail(features);
      const at::Tensor loss =
          phase.shallow * training.metric.Distortion(features, target) +
          phase.deep * RelativeSquaredError(found.deep, expected.deep) +
          phase.kl * KlDivergence(expected.logits, found.logits);
      losses[r] += loss.mean().item<double>() / kSlopeBatches;
    }
  }
  return losses;
}

// A trained codec's beta is where its loss falls as fast as its bits rise, and
// its other rates tell that slope.
RateControl HoldSizes(const std::vector<double>& bpp,
                      const std::vector<double>& losses) {
  constexpr double kBytesPerBpp = 224.0 * 224.0 / 8;
  const int num_rates = static_cast<int>(bpp.size());
  std::vector<double> target_bytes, betas;
  for (int r = 0; r < num_rates; ++r) {
    const int below = std::max(r - 1, 0);
    const int above = std::min(r + 1, num_rates - 1);
    const double more_bits = bpp[above] - bpp[below];
    betas.push_back(more_bits > 0 ? (losses[below] - losses[above]) / more_bits
                                  : kUnknownBeta);
    target_bytes.push_back(bpp[r] * kBytesPerBpp);
  }
  return RateControl::Following(std::move(target_bytes), betas, kBetaHaste);
}

// The codec's tables with the scales that were trained.
absl::StatusOr<codec::CodecTables> WithScales(
    const codec::CodecTables& tables, const model::QuantizerScales& scales) {
  const auto on_host = [](const at::Tensor& t) {
    return t.to(at::kCPU, at::kFloat).contiguous();
  };
  const at::Tensor gain = on_host(scales.gain);
  const at::Tensor inverse_gain = on_host(scales.inverse_gain);
  const at::Tensor median = on_host(scales.median);
  std::vector<codec::ChannelTable> scaled;
  for (int r = 0; r < tables.num_rates(); ++r) {
    for (const codec::ChannelTable& table : tables.rate(r)) {
      const size_t i = scaled.size();
      scaled.push_back({.gain = gain.data_ptr<float>()[i],
                        .inverse_gain = inverse_gain.data_ptr<float>()[i],
                        .median = median.data_ptr<float>()[i],
                        .cdf = table.cdf});
    }
  }
  return codec::CodecTables::Create(tables.num_rates(), tables.num_channels(),
                                    std::move(scaled));
}

}  // namespace

absl::StatusOr<TeacherParts> TeacherFromArtifacts(
    const artifact::CodecArtifact& codec, const artifact::TailArtifact& tail,
    at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(const model::Weights server,
                          model::WeightsFromTensors(codec.decoder));
  SLUICE_ASSIGN_OR_RETURN(const model::Weights behind,
                          model::WeightsFromTensors(tail.weights));
  TeacherParts parts;
  parts.weights.entrance =
      OnDevice(model::WithoutPrefix(server, "entrance."), device);
  parts.weights.tail = OnDevice(behind, device);
  SLUICE_ASSIGN_OR_RETURN(
      parts.entrance, model::MobileNetEntrance::Create(parts.weights.entrance));
  SLUICE_ASSIGN_OR_RETURN(
      parts.tail,
      model::MobileNetTail::Create(parts.weights.tail,
                                   static_cast<int>(tail.labels.size())));
  return parts;
}

absl::StatusOr<AdaptedEncoder> AdaptEncoder(const AdaptTraining& training,
                                            const TrainOptions& options) {
  const artifact::CodecSpec& spec = training.codec.spec;
  const Recipe recipe = MakeRecipe(training);
  SLUICE_ASSIGN_OR_RETURN(
      model::Weights weights,
      WeightsFromCodec(recipe, training.codec, training.data.pictures));
  weights = OnDevice(weights, training.data.device);
  SLUICE_ASSIGN_OR_RETURN(const CodecStudent start,
                          BuildCodecStudent(recipe, weights));
  Latents latents(training, recipe, start);
  FitDensity(spec.num_rates, weights, &latents);
  const std::vector<double> bpp = MeasureSizes(spec.num_rates, &latents);
  const std::vector<double> losses =
      MeasureLosses(training, recipe.phases.front(), start, &latents);
  SLUICE_ASSIGN_OR_RETURN(
      const model::Weights averaged,
      TrainCodecWeights(recipe, options, training.data, training.metric,
                        HoldSizes(bpp, losses), weights));
  const model::Weights trained = OnDevice(averaged, at::kCPU);
  SLUICE_ASSIGN_OR_RETURN(const CodecStudent student,
                          BuildCodecStudent(recipe, trained));
  SLUICE_ASSIGN_OR_RETURN(
      codec::CodecTables tables,
      WithScales(training.codec.tables, student.latent->Scales()));
  return AdaptedEncoder{.encoder = model::TensorsFromWeights(
                            model::WithoutPrefix(trained, "encoder."),
                            model::StoredPrecision::kFloat),
                        .tables = std::move(tables)};
}

}  // namespace sluice::train
