#include "models/train/codec_student.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/patch_family.h"

namespace sluice::train {
namespace {

constexpr int kBatch = 32;
constexpr double kSymbolStd = 6.0;  // Of a fresh latent at the highest rate.
constexpr int kTableCrop = 224;

int LargestCrop(const PictureBatches& pictures) {
  return std::min(kTableCrop, pictures.max_crop() / 32 * 32);
}

// Mean and standard deviation per channel of the latent of one batch.
struct Moments {
  at::Tensor mean;
  at::Tensor std;
};
Moments LatentMoments(const model::PatchEncoder& encoder,
                      const PictureBatches& pictures) {
  const at::NoGradGuard no_grad;
  const at::Tensor y = encoder(pictures.CentreCrops(
      0, static_cast<int>(std::min<int64_t>(kBatch, pictures.num_pictures())),
      LargestCrop(pictures)));
  return {.mean = y.mean({0, 2, 3}),
          .std = at::sqrt(y.var({0, 2, 3}, false)).clamp_min(1e-4)};
}

}  // namespace

absl::StatusOr<CodecStudent> BuildCodecStudent(const Recipe& recipe,
                                               model::Weights weights) {
  SLUICE_ASSIGN_OR_RETURN(
      model::PatchEncoder encoder,
      model::PatchEncoder::Create(recipe.encoder,
                                  model::WithoutPrefix(weights, "encoder.")));
  SLUICE_ASSIGN_OR_RETURN(
      model::PatchDecoder decoder,
      model::PatchDecoder::Create(recipe.decoder,
                                  model::WithoutPrefix(weights, "decoder.")));
  SLUICE_ASSIGN_OR_RETURN(
      model::RateModel rate,
      model::RateModel::Create(recipe.decoder.num_rates,
                               recipe.encoder.latent_channels,
                               model::WithoutPrefix(weights, "rate.")));
  SLUICE_ASSIGN_OR_RETURN(model::MobileNetEntrance entrance,
                          model::MobileNetEntrance::Create(
                              model::WithoutPrefix(weights, "entrance.")));
  return CodecStudent{.weights = std::move(weights),
                      .encoder = std::move(encoder),
                      .decoder = std::move(decoder),
                      .rate = std::move(rate),
                      .entrance = std::move(entrance)};
}

absl::StatusOr<model::Weights> InitCodecWeights(
    const Recipe& recipe, const TeacherParts& teacher,
    const FeatureMetric& metric, const PictureBatches& pictures) {
  at::Generator generator = at::detail::createCPUGenerator(recipe.seed);
  const model::Weights encoder_weights =
      model::InitPatchEncoder(recipe.encoder, generator);
  model::Weights decoder_weights =
      model::InitPatchDecoder(recipe.decoder, generator);
  decoder_weights["head.bias"].copy_(metric.mean.cpu());
  decoder_weights["head.weight"].mul_(
      at::sqrt(metric.variance.cpu()).reshape({-1, 1, 1, 1}));
  SLUICE_ASSIGN_OR_RETURN(
      const model::PatchEncoder encoder,
      model::PatchEncoder::Create(recipe.encoder, encoder_weights));
  const Moments moments = LatentMoments(encoder, pictures);
  model::Weights all = model::WithPrefix(encoder_weights, "encoder.");
  all.merge(model::WithPrefix(decoder_weights, "decoder."));
  all.merge(model::WithPrefix(
      model::InitRateModel(recipe.decoder.num_rates, moments.mean, moments.std,
                           kSymbolStd),
      "rate."));
  for (const auto& [name, weight] : teacher.weights.entrance) {
    all["entrance." + name] = weight.cpu().clone();
  }
  return all;
}

absl::StatusOr<model::Weights> WeightsFromCodec(
    const Recipe& recipe, const artifact::CodecArtifact& codec,
    const PictureBatches& pictures) {
  if (codec.spec.num_rates != recipe.decoder.num_rates) {
    return absl::InvalidArgumentError(
        absl::StrCat("--init: expected ", recipe.decoder.num_rates,
                     " rates as in the recipe, found ", codec.spec.num_rates));
  }
  SLUICE_ASSIGN_OR_RETURN(const model::Weights encoder_weights,
                          model::WeightsFromTensors(codec.encoder));
  SLUICE_ASSIGN_OR_RETURN(const model::Weights server_weights,
                          model::WeightsFromTensors(codec.decoder));
  SLUICE_ASSIGN_OR_RETURN(
      const model::PatchEncoder encoder,
      model::PatchEncoder::Create(recipe.encoder, encoder_weights));
  const Moments moments = LatentMoments(encoder, pictures);
  model::Weights rate = model::InitRateModel(codec.spec.num_rates, moments.mean,
                                             moments.std, kSymbolStd);
  const int num_channels = codec.spec.latent_channels;
  for (int r = 0; r < codec.spec.num_rates; ++r) {
    const std::span<const codec::ChannelTable> tables = codec.tables.rate(r);
    for (int c = 0; c < num_channels; ++c) {
      const int64_t i = static_cast<int64_t>(r) * num_channels + c;
      rate["log_gain"].data_ptr<float>()[i] = std::log(tables[c].gain);
      rate["log_inverse_gain"].data_ptr<float>()[i] =
          std::log(tables[c].inverse_gain);
      rate["median"].data_ptr<float>()[c] = tables[c].median / tables[c].gain;
    }
  }
  model::Weights all = model::WithPrefix(encoder_weights, "encoder.");
  all.insert(server_weights.begin(), server_weights.end());
  all.merge(model::WithPrefix(rate, "rate."));
  return all;
}

namespace {

// Histograms of the symbols that a device sends for training pictures.
model::SymbolCounts CountSymbols(const Recipe& recipe,
                                 const CodecStudent& student,
                                 const PictureBatches& pictures) {
  const at::NoGradGuard no_grad;
  const int num_rates = recipe.decoder.num_rates;
  const int num_channels = recipe.encoder.latent_channels;
  model::SymbolCounts counts(
      num_rates,
      std::vector<std::vector<uint64_t>>(
          num_channels, std::vector<uint64_t>(2 * model::kCountRange + 1, 0)));
  const model::Weights rate = model::WithoutPrefix(student.weights, "rate.");
  const at::Tensor gain = rate.at("log_gain").exp();
  const at::Tensor median = gain * rate.at("median");
  const int64_t total = pictures.num_pictures();
  for (int64_t first = 0; first < total; first += kBatch) {
    const int count =
        static_cast<int>(std::min<int64_t>(kBatch, total - first));
    const at::Tensor y = student.encoder(
        pictures.CentreCrops(first, count, LargestCrop(pictures)));
    for (int r = 0; r < num_rates; ++r) {
      const at::Tensor symbols = at::round(y * gain[r].reshape({1, -1, 1, 1}) -
                                           median[r].reshape({1, -1, 1, 1}))
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

artifact::CodecSpec SpecOf(const Recipe& recipe) {
  artifact::CodecSpec spec;
  spec.name = recipe.name;
  spec.family = model::kPatchFamily;
  spec.latent_channels = recipe.encoder.latent_channels;
  spec.features_channels = recipe.decoder.features_channels;
  spec.num_rates = recipe.decoder.num_rates;
  spec.default_rate = recipe.default_rate;
  spec.encoder = model::ToJson(recipe.encoder);
  spec.decoder = model::ToJson(recipe.decoder);
  return spec;
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
      model::TablesFromCounts(model::WithoutPrefix(weights, "rate."),
                              recipe.decoder.num_rates,
                              recipe.encoder.latent_channels,
                              CountSymbols(recipe, student, pictures)));
  model::Weights server;
  for (const auto& [name, weight] : weights) {
    if (name.starts_with("decoder.") || name.starts_with("entrance.")) {
      server.emplace(name, weight);
    }
  }
  return artifact::WriteCodec(
      folder, SpecOf(recipe), tables,
      model::TensorsFromWeights(model::WithoutPrefix(weights, "encoder."),
                                model::StoredPrecision::kFloat),
      model::TensorsFromWeights(server, model::StoredPrecision::kHalf), about);
}

}  // namespace sluice::train
