#include "tests/model/tiny_models.h"

#include <ATen/ATen.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/safetensors.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "common/model/entropic_decoder.h"
#include "common/model/entropic_encoder.h"
#include "common/model/factorized_prior.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/patch_decoder.h"
#include "common/model/patch_encoder.h"
#include "common/model/patch_family.h"
#include "common/model/rate_model.h"
#include "common/model/symbol_fit.h"

namespace sluice::testing {
namespace {

constexpr int kLatentChannels = 8;

at::Generator MakeGenerator(int seed) {
  return at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
}

// Random weights of every layer of MobileNetV2, from the shapes it asks for.
// The classifier's are drawn last: the rest is the same for any number of
// classes.
model::Weights RandomMobileNet(int seed, int num_classes) {
  constexpr int kChannels[] = {16, 24, 24, 32, 32,  32,  64,  64, 64,
                               64, 96, 96, 96, 160, 160, 160, 320};
  const at::Generator generator = MakeGenerator(seed);
  model::Weights weights;
  model::InitConv("stem", {.in_channels = 3, .out_channels = 32, .kernel = 3},
                  1.0, generator, &weights);
  int in = 32;
  for (int i = 0; i < model::kMobileNetBlocks; ++i) {
    const std::string name = absl::StrCat("block", i);
    const int middle = i == 0 ? in : 6 * in;
    if (i > 0) {
      model::InitConv(name + ".expand",
                      {.in_channels = in, .out_channels = middle}, 1.0,
                      generator, &weights);
    }
    model::InitConv(name + ".depthwise",
                    {.in_channels = middle,
                     .out_channels = middle,
                     .kernel = 3,
                     .groups = middle},
                    1.0, generator, &weights);
    model::InitConv(name + ".project",
                    {.in_channels = middle, .out_channels = kChannels[i]}, 1.0,
                    generator, &weights);
    in = kChannels[i];
  }
  model::InitConv("last_conv", {.in_channels = 320, .out_channels = 1280}, 1.0,
                  generator, &weights);
  weights["classifier.weight"] =
      at::empty({num_classes, 1280}).normal_(0, 0.1, generator);
  weights["classifier.bias"] = at::zeros({num_classes});
  return weights;
}

// Two-sided geometric counts, wider at higher rates.
model::SymbolCounts GeometricCounts(int num_rates, int num_channels) {
  model::SymbolCounts counts(
      num_rates,
      std::vector<std::vector<uint64_t>>(
          num_channels, std::vector<uint64_t>(2 * model::kCountRange + 1, 0)));
  for (int r = 0; r < num_rates; ++r) {
    for (auto& histogram : counts[r]) {
      for (int s = -20; s <= 20; ++s) {
        histogram[s + model::kCountRange] = uint64_t{1}
                                            << (24 - std::abs(s) / (r + 1));
      }
    }
  }
  return counts;
}

}  // namespace

absl::StatusOr<std::string> WriteTinyCodec(const std::filesystem::path& folder,
                                           int seed) {
  const at::Generator generator = MakeGenerator(seed);
  const model::PatchEncoderShape encoder = {.stem_channels = 8,
                                            .width = 16,
                                            .block_channels = 8,
                                            .num_blocks = 1,
                                            .latent_channels = kLatentChannels};
  const model::PatchDecoderShape decoder = {.latent_channels = kLatentChannels,
                                            .num_rates = kTinyRates,
                                            .width = 16,
                                            .block_channels = 8,
                                            .num_blocks = 1};
  model::Weights server = model::WithPrefix(
      model::InitPatchDecoder(decoder, generator), "decoder.");
  server.merge(model::WithPrefix(
      model::SplitMobileNet(RandomMobileNet(seed, kTinyClasses)).entrance,
      "entrance."));
  SLUICE_ASSIGN_OR_RETURN(
      const model::RateModel rate,
      model::RateModel::Create(
          kTinyRates, kLatentChannels,
          model::InitRateModel(kTinyRates, at::zeros({kLatentChannels}),
                               at::ones({kLatentChannels}), 4.0)));
  SLUICE_ASSIGN_OR_RETURN(
      const codec::CodecTables tables,
      model::TablesFromCounts(rate.Scales(),
                              GeometricCounts(kTinyRates, kLatentChannels)));
  artifact::CodecSpec spec;
  spec.name = absl::StrCat("tiny-", seed);
  spec.family = model::kPatchFamily;
  spec.latent_channels = kLatentChannels;
  spec.num_rates = kTinyRates;
  spec.encoder = model::ToJson(encoder);
  spec.decoder = model::ToJson(decoder);
  return artifact::WriteCodec(
      folder, spec, tables,
      model::TensorsFromWeights(model::InitPatchEncoder(encoder, generator),
                                model::StoredPrecision::kFloat),
      model::TensorsFromWeights(server, model::StoredPrecision::kHalf),
      nlohmann::json::object());
}

absl::StatusOr<std::string> WriteStudentCodec(
    const std::filesystem::path& folder, int seed) {
  const at::Generator generator = MakeGenerator(seed);
  const model::EntropicStudentShape shape = {.decoder_width = 8};
  const model::Weights encoder = model::InitEntropicEncoder(shape, generator);
  model::Weights server = model::WithPrefix(
      model::InitEntropicDecoder(shape, generator), "decoder.");
  server.merge(model::WithPrefix(
      model::SplitMobileNet(RandomMobileNet(seed, kTinyClasses)).entrance,
      "entrance."));
  SLUICE_ASSIGN_OR_RETURN(
      const model::FactorizedPrior prior,
      model::FactorizedPrior::Create(
          shape.latent_channels,
          model::InitFactorizedPrior(shape.latent_channels, generator)));
  SLUICE_ASSIGN_OR_RETURN(
      const codec::CodecTables tables,
      model::TablesFromCounts(prior.Scales(),
                              GeometricCounts(1, shape.latent_channels)));
  artifact::CodecSpec spec;
  spec.name = absl::StrCat("student-", seed);
  model::SetEntropicStudent(shape, &spec);
  return artifact::WriteCodec(
      folder, spec, tables,
      model::TensorsFromWeights(encoder, model::StoredPrecision::kFloat),
      model::TensorsFromWeights(server, model::StoredPrecision::kHalf),
      nlohmann::json::object());
}

absl::Status WriteTinyTail(const std::filesystem::path& folder,
                           const std::string& name, const std::string& codec_id,
                           int seed, int num_classes) {
  std::vector<std::string> labels;
  for (int i = 0; i < num_classes; ++i) {
    labels.push_back(absl::StrCat("class ", i));
  }
  return artifact::WriteTail(
      folder,
      {.name = name,
       .task = "classification",
       .family = "mobilenetv2",
       .codec_ids = {codec_id},
       .network = nlohmann::json::object()},
      labels,
      model::TensorsFromWeights(
          model::SplitMobileNet(RandomMobileNet(seed, num_classes)).tail,
          model::StoredPrecision::kHalf),
      nlohmann::json::object());
}

absl::Status WriteTinyTeacher(const std::filesystem::path& path, int seed) {
  return artifact::WriteSafetensors(
      path, model::TensorsFromWeights(RandomMobileNet(seed, kTeacherClasses),
                                      model::StoredPrecision::kHalf));
}

}  // namespace sluice::testing
