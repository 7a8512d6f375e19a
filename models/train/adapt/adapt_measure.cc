#include "models/train/adapt/adapt_measure.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "common/model/tensor_bridge.h"
#include "models/train/data/progress.h"
#include "models/train/data/shard.h"
#include "models/train/tools/shard_input.h"

namespace sluice::train {
namespace {

using Tails = std::vector<std::unique_ptr<model::Tail>>;

// One picture's features and what every tail says of them.
struct Answers {
  base::FloatTensor features;                            // [1,F,h,w]
  std::vector<std::vector<model::NamedTensor>> outputs;  // Per tail.
};
absl::StatusOr<Answers> RunTails(base::FloatTensor features,
                                 const Tails& tails) {
  Answers answers{.features = std::move(features), .outputs = {}};
  for (const std::unique_ptr<model::Tail>& tail : tails) {
    SLUICE_ASSIGN_OR_RETURN(std::vector<model::NamedTensor> outputs,
                            tail->Run(answers.features));
    answers.outputs.push_back(std::move(outputs));
  }
  return answers;
}

// KL of independent probabilities that something is there, in nats, summed.
double KlOfScores(const at::Tensor& expected, const at::Tensor& found) {
  constexpr double kLeastScore = 1e-6;
  const at::Tensor p = expected.clamp(kLeastScore, 1 - kLeastScore);
  const at::Tensor q = found.clamp(kLeastScore, 1 - kLeastScore);
  return (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log())
      .sum()
      .item<double>();
}

// AdaptPoint's kl of one tail's outputs, as model::Tail names them.
double KlOfOutputs(const std::vector<model::NamedTensor>& expected,
                   const std::vector<model::NamedTensor>& found) {
  double kl = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const at::Tensor p = model::ToTorch(expected[i].tensor);
    const at::Tensor q = model::ToTorch(found[i].tensor);
    if (expected[i].name == "logits")
      kl += KlDivergence(p, q).mean().item<double>();
    if (expected[i].name == "scores") kl += KlOfScores(p, q);
  }
  return kl;
}

// Adds `weight` of what one frame costs and loses.
void AddFrame(size_t frame_bytes, const Answers& expected, const Answers& found,
              const FeatureMetric& metric, double weight, AdaptPoint* point) {
  const at::NoGradGuard no_grad;
  const at::Tensor target = model::ToTorch(expected.features);
  const at::Tensor features = model::ToTorch(found.features);
  point->frame_bytes += weight * static_cast<double>(frame_bytes);
  point->distortion +=
      weight * metric.Distortion(features, target).item<double>();
  point->squared_error +=
      weight * RelativeSquaredError(features, target).item<double>();
  for (size_t i = 0; i < point->kl.size(); ++i) {
    point->kl[i] += weight * KlOfOutputs(expected.outputs[i], found.outputs[i]);
  }
}

}  // namespace

absl::StatusOr<std::vector<AdaptPoint>> MeasureCodec(
    const std::filesystem::path& shard_path, const FeatureMetric& metric,
    const Tails& tails, const char* label, LoadedCodec* codec) {
  SLUICE_ASSIGN_OR_RETURN(const Shard shard, Shard::Open(shard_path));
  const int num_rates = codec->spec().num_rates;
  AdaptPoint zero;
  zero.kl.assign(tails.size(), 0.0);
  std::vector<AdaptPoint> points(num_rates, zero);
  const double weight = 1.0 / static_cast<double>(shard.num_pictures());
  Progress progress = Progress::OnStderr(label, shard.num_pictures());
  for (int64_t i = 0; i < shard.num_pictures(); ++i) {
    const base::FloatTensor input = CentreInput(shard, i, codec->spec());
    SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor pictures,
                            StackTensors({&input, 1}));
    SLUICE_ASSIGN_OR_RETURN(base::FloatTensor entered,
                            codec->decoder().Enter(pictures));
    SLUICE_ASSIGN_OR_RETURN(const Answers expected,
                            RunTails(std::move(entered), tails));
    SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor latent,
                            codec->EncodeLatent(input));
    for (int rate = 0; rate < num_rates; ++rate) {
      SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> frame,
                              codec->LatentToFrame(latent, rate));
      SLUICE_ASSIGN_OR_RETURN(codec::DecodedFrame decoded,
                              codec->FrameToYHat(frame));
      const base::FloatTensor y_hat = {
          .shape = {1, latent.shape[0], latent.shape[1], latent.shape[2]},
          .values = std::move(decoded.y_hat)};
      SLUICE_ASSIGN_OR_RETURN(base::FloatTensor features,
                              codec->decoder().Decode(y_hat, {&rate, 1}));
      SLUICE_ASSIGN_OR_RETURN(const Answers found,
                              RunTails(std::move(features), tails));
      AddFrame(frame.size(), expected, found, metric, weight, &points[rate]);
    }
    progress.Update(i + 1);
  }
  return points;
}

}  // namespace sluice::train
