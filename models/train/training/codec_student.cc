#include "models/train/training/codec_student.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/entropic_decoder.h"
#include "common/model/entropic_encoder.h"
#include "common/model/factorized_prior.h"
#include "common/model/patch_decoder.h"
#include "common/model/patch_encoder.h"
#include "common/model/rate_model.h"
#include "common/model/symbol_fit.h"

namespace sluice::train {
namespace {

constexpr int kBatch = 32;
constexpr double kSymbolStd = 6.0;  // Of a fresh latent at the highest rate.
constexpr int kTableCrop = 224;
constexpr int64_t kTableBatches = int64_t{1} << 41;  // Apart from training's.

constexpr char kRatePrefix[] = "rate.";
constexpr char kPriorPrefix[] = "entropy_bottleneck.";

int LargestCrop(const PictureBatches& pictures) {
  return std::min(kTableCrop, pictures.max_crop() / 32 * 32);
}

// Fits the decoder network's last layer to the features it is to rebuild.
void FitHead(const std::string& name, const FeatureMetric& metric,
             model::Weights* decoder) {
  decoder->at(name + ".bias").copy_(metric.mean.cpu());
  decoder->at(name + ".weight")
      .mul_(at::sqrt(metric.variance.cpu()).reshape({-1, 1, 1, 1}));
}

bool IsEntropicStudent(const Recipe& recipe) {
  return recipe.spec.family == model::kEntropicStudentFamily;
}

// Mean and standard deviation per channel of the latent of one batch.
struct Moments {
  at::Tensor mean;
  at::Tensor std;
};
absl::StatusOr<Moments> LatentMoments(const artifact::CodecSpec& spec,
                                      const model::Weights& encoder_weights,
                                      const PictureBatches& pictures) {
  SLUICE_ASSIGN_OR_RETURN(const std::unique_ptr<model::EncoderNetwork> encoder,
                          model::MakeEncoderNetwork(spec, encoder_weights));
  const at::NoGradGuard no_grad;
  const at::Tensor y = (*encoder)(pictures.CentreCrops(
      0, static_cast<int>(std::min<int64_t>(kBatch, pictures.num_pictures())),
      LargestCrop(pictures)));
  return Moments{.mean = y.mean({0, 2, 3}),
                 .std = at::sqrt(y.var({0, 2, 3}, false)).clamp_min(1e-4)};
}

absl::StatusOr<std::unique_ptr<model::LatentModel>> MakeLatentModel(
    const Recipe& recipe, const model::Weights& weights) {
  if (IsEntropicStudent(recipe)) {
    SLUICE_ASSIGN_OR_RETURN(model::FactorizedPrior prior,
                            model::FactorizedPrior::Create(
                                recipe.spec.latent_channels,
                                model::WithoutPrefix(weights, kPriorPrefix)));
    return std::make_unique<model::FactorizedPrior>(std::move(prior));
  }
  SLUICE_ASSIGN_OR_RETURN(
      model::RateModel rate,
      model::RateModel::Create(recipe.spec.num_rates,
                               recipe.spec.latent_channels,
                               model::WithoutPrefix(weights, kRatePrefix)));
  return std::make_unique<model::RateModel>(std::move(rate));
}

}  // namespace

absl::StatusOr<CodecStudent> BuildCodecStudent(const Recipe& recipe,
                                               model::Weights weights) {
  CodecStudent student;
  SLUICE_ASSIGN_OR_RETURN(
      student.encoder,
      model::MakeEncoderNetwork(recipe.spec,
                                model::WithoutPrefix(weights, "encoder.")));
  SLUICE_ASSIGN_OR_RETURN(
      student.decoder,
      model::MakeDecoderNetwork(recipe.spec,
                                model::WithoutPrefix(weights, "decoder.")));
  SLUICE_ASSIGN_OR_RETURN(student.latent, MakeLatentModel(recipe, weights));
  SLUICE_ASSIGN_OR_RETURN(student.entrance,
                          model::MobileNetEntrance::Create(
                              model::WithoutPrefix(weights, "entrance.")));
  student.weights = std::move(weights);
  return student;
}

namespace {

// A family's encoder, decoder network and latent model, not trained yet.
absl::StatusOr<model::Weights> InitPatch(const Recipe& recipe,
                                         const FeatureMetric& metric,
                                         const PictureBatches& pictures,
                                         const at::Generator& generator) {
  SLUICE_ASSIGN_OR_RETURN(const model::PatchEncoderShape encoder_shape,
                          model::PatchEncoderShapeOf(recipe.spec));
  SLUICE_ASSIGN_OR_RETURN(const model::PatchDecoderShape decoder_shape,
                          model::PatchDecoderShapeOf(recipe.spec));
  const model::Weights encoder =
      model::InitPatchEncoder(encoder_shape, generator);
  model::Weights decoder = model::InitPatchDecoder(decoder_shape, generator);
  FitHead("head", metric, &decoder);
  SLUICE_ASSIGN_OR_RETURN(const Moments moments,
                          LatentMoments(recipe.spec, encoder, pictures));
  model::Weights all = model::WithPrefix(encoder, "encoder.");
  all.merge(model::WithPrefix(decoder, "decoder."));
  all.merge(model::WithPrefix(
      model::InitRateModel(recipe.spec.num_rates, moments.mean, moments.std,
                           kSymbolStd),
      kRatePrefix));
  return all;
}

absl::StatusOr<model::Weights> InitEntropicStudent(
    const Recipe& recipe, const FeatureMetric& metric,
    const PictureBatches& pictures, const at::Generator& generator) {
  SLUICE_ASSIGN_OR_RETURN(const model::EntropicStudentShape shape,
                          model::EntropicStudentShapeOf(recipe.spec));
  model::Weights encoder = model::InitEntropicEncoder(shape, generator);
  model::Weights decoder = model::InitEntropicDecoder(shape, generator);
  FitHead("4", metric, &decoder);
  // There is no gain to set the step by, so the last layer does: one step per
  // standard deviation, low as these rates are.
  SLUICE_ASSIGN_OR_RETURN(const Moments moments,
                          LatentMoments(recipe.spec, encoder, pictures));
  encoder["4.weight"].div_(moments.std.reshape({-1, 1, 1, 1}));
  model::Weights all = model::WithPrefix(encoder, "encoder.");
  all.merge(model::WithPrefix(decoder, "decoder."));
  all.merge(model::WithPrefix(
      model::InitFactorizedPrior(shape.latent_channels, generator),
      kPriorPrefix));
  return all;
}

// An encoder of the recipe's shape for a codec that has another: not trained
// yet, but with the codec's own mean and deviation in every channel of its
// latent, so that the gains fit and channels that carry nothing still do.
absl::StatusOr<model::Weights> EncoderInPlaceOf(
    const Recipe& recipe, const Moments& moments,
    const PictureBatches& pictures) {
  SLUICE_ASSIGN_OR_RETURN(const model::PatchEncoderShape shape,
                          model::PatchEncoderShapeOf(recipe.spec));
  model::Weights encoder = model::InitPatchEncoder(
      shape, at::detail::createCPUGenerator(recipe.seed));
  SLUICE_ASSIGN_OR_RETURN(const Moments fresh,
                          LatentMoments(recipe.spec, encoder, pictures));
  const at::Tensor scale = moments.std / fresh.std;
  encoder["head.weight"].mul_(scale.reshape({-1, 1, 1, 1}));
  encoder["head.bias"].sub_(fresh.mean).mul_(scale).add_(moments.mean);
  return encoder;
}

// Gains and medians as the tables have them.
model::Weights RateModelFromTables(const codec::CodecTables& tables,
                                   const Moments& moments) {
  model::Weights rate = model::InitRateModel(tables.num_rates(), moments.mean,
                                             moments.std, kSymbolStd);
  for (int r = 0; r < tables.num_rates(); ++r) {
    for (int c = 0; c < tables.num_channels(); ++c) {
      const codec::ChannelTable& table = tables.rate(r)[c];
      const int64_t i = static_cast<int64_t>(r) * tables.num_channels() + c;
      rate["log_gain"].data_ptr<float>()[i] = std::log(table.gain);
      rate["log_inverse_gain"].data_ptr<float>()[i] =
          std::log(table.inverse_gain);
      rate["median"].data_ptr<float>()[c] = table.median / table.gain;
    }
  }
  return rate;
}

}  // namespace

absl::StatusOr<model::Weights> InitCodecWeights(
    const Recipe& recipe, const TeacherParts& teacher,
    const FeatureMetric& metric, const PictureBatches& pictures) {
  const at::Generator generator = at::detail::createCPUGenerator(recipe.seed);
  SLUICE_ASSIGN_OR_RETURN(
      model::Weights all,
      IsEntropicStudent(recipe)
          ? InitEntropicStudent(recipe, metric, pictures, generator)
          : InitPatch(recipe, metric, pictures, generator));
  for (const auto& [name, weight] : teacher.weights.entrance) {
    all["entrance." + name] = weight.cpu().clone();
  }
  return all;
}

absl::StatusOr<model::Weights> WeightsFromCodec(
    const Recipe& recipe, const artifact::CodecArtifact& codec,
    const PictureBatches& pictures) {
  if (codec.spec.family != recipe.spec.family ||
      codec.spec.num_rates != recipe.spec.num_rates) {
    return absl::InvalidArgumentError(
        absl::StrCat("--init: expected family ", recipe.spec.family, " and ",
                     recipe.spec.num_rates, " rates as in the recipe, found ",
                     codec.spec.family, " and ", codec.spec.num_rates));
  }
  SLUICE_ASSIGN_OR_RETURN(model::Weights encoder,
                          model::WeightsFromTensors(codec.encoder));
  SLUICE_ASSIGN_OR_RETURN(model::Weights all,
                          model::WeightsFromTensors(codec.decoder));
  if (IsEntropicStudent(recipe)) {
    all.merge(model::WithPrefix(encoder, "encoder."));
    all.merge(model::WithPrefix(
        model::InitFactorizedPrior(codec.spec.latent_channels,
                                   at::detail::createCPUGenerator(recipe.seed)),
        kPriorPrefix));
    return all;
  }
  SLUICE_ASSIGN_OR_RETURN(const Moments moments,
                          LatentMoments(codec.spec, encoder, pictures));
  if (codec.spec.encoder != recipe.spec.encoder) {
    SLUICE_ASSIGN_OR_RETURN(encoder,
                            EncoderInPlaceOf(recipe, moments, pictures));
  }
  all.merge(model::WithPrefix(encoder, "encoder."));
  all.merge(model::WithPrefix(RateModelFromTables(codec.tables, moments),
                              kRatePrefix));
  return all;
}

namespace {

// Histograms of the symbols that a device sends for training pictures.
model::SymbolCounts CountSymbols(const Recipe& recipe,
                                 const CodecStudent& student,
                                 const PictureBatches& pictures) {
  const at::NoGradGuard no_grad;
  const int num_rates = recipe.spec.num_rates;
  const int num_channels = recipe.spec.latent_channels;
  model::SymbolCounts counts(
      num_rates,
      std::vector<std::vector<uint64_t>>(
          num_channels, std::vector<uint64_t>(2 * model::kCountRange + 1, 0)));
  const model::QuantizerScales scales = student.latent->Scales();
  const int64_t num_batches = (pictures.num_pictures() + kBatch - 1) / kBatch;
  for (int64_t batch = 0; batch < num_batches; ++batch) {
    const at::Tensor y = (*student.encoder)(
        pictures.Crops(kTableBatches + batch, kBatch, LargestCrop(pictures)));
    for (int r = 0; r < num_rates; ++r) {
      const at::Tensor symbols =
          at::round(y * scales.gain[r].reshape({1, -1, 1, 1}) -
                    scales.median[r].reshape({1, -1, 1, 1}))
              .transpose(0, 1)
              .flatten(1)
              .to(at::kInt)
              .contiguous();
      const int32_t* symbol = symbols.data_ptr<int32_t>();
      for (int c = 0; c < num_channels; ++c) {
        for (int64_t i = 0; i < symbols.size(1); ++i, ++symbol) {
          if (std::abs(*symbol) <= model::kCountRange) {
            ++counts[r][c][*symbol + model::kCountRange];
          }
        }
      }
    }
  }
  return counts;
}

}  // namespace

absl::StatusOr<std::string> ExportCodec(const Recipe& recipe,
                                        const model::Weights& weights,
                                        const PictureBatches& pictures,
                                        const nlohmann::json& about,
                                        const std::filesystem::path& folder) {
  // The server's half ships in half precision; the device's, which decides the
  // symbols, in float32.
  SLUICE_ASSIGN_OR_RETURN(const CodecStudent student,
                          BuildCodecStudent(recipe, weights));
  SLUICE_ASSIGN_OR_RETURN(
      const codec::CodecTables tables,
      model::TablesFromCounts(student.latent->Scales(),
                              CountSymbols(recipe, student, pictures)));
  model::Weights server;
  for (const auto& [name, weight] : weights) {
    if (name.starts_with("decoder.") || name.starts_with("entrance.")) {
      server.emplace(name, weight);
    }
  }
  return artifact::WriteCodec(
      folder, recipe.spec, tables,
      model::TensorsFromWeights(model::WithoutPrefix(weights, "encoder."),
                                model::StoredPrecision::kFloat),
      model::TensorsFromWeights(server, model::StoredPrecision::kHalf), about);
}

}  // namespace sluice::train
