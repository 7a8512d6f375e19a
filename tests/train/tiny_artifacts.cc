#include "tests/train/tiny_artifacts.h"

#include <ATen/CPUGeneratorImpl.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/safetensors.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/float_tensor.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/patch_decoder.h"
#include "common/model/patch_encoder.h"
#include "common/model/weights.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

constexpr int kSeed = 7;
constexpr model::PatchEncoderShape kEncoder = {
    .stem_channels = 8,
    .width = 8,
    .block_channels = 4,
    .num_blocks = 1,
    .latent_channels = kTinyLatentChannels};
constexpr model::PatchDecoderShape kDecoder = {
    .latent_channels = kTinyLatentChannels,
    .num_rates = kTinyNumRates,
    .width = 8,
    .block_channels = 4,
    .num_blocks = 1,
    .features_channels = 32};

// He-normal weight of that shape and a zero bias.
void AddConv(const std::string& name, const std::vector<int64_t>& shape,
             std::mt19937* random, artifact::TensorMap* tensors) {
  const double fan_in =
      static_cast<double>(base::NumElements(shape)) / double(shape[0]);
  std::normal_distribution<float> normal(0.0f, float(std::sqrt(2.0 / fan_in)));
  std::vector<float> values(base::NumElements(shape));
  for (float& value : values) value = normal(*random);
  (*tensors)[name + ".weight"] = artifact::MakeFloats(values, shape);
  (*tensors)[name + ".bias"] =
      artifact::MakeFloats(std::vector<float>(shape[0]), {shape[0]});
}

artifact::TensorMap TinyMobileNet(int num_classes) {
  constexpr std::array<int, model::kMobileNetBlocks> kChannels = {
      16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320};
  std::mt19937 random(kSeed);
  artifact::TensorMap tensors;
  AddConv("stem", {32, 3, 3, 3}, &random, &tensors);
  int in = 32;
  for (int i = 0; i < model::kMobileNetBlocks; ++i) {
    const std::string block = "block" + std::to_string(i);
    const int middle = i == 0 ? in : 6 * in;
    if (i > 0) {
      AddConv(block + ".expand", {middle, in, 1, 1}, &random, &tensors);
    }
    AddConv(block + ".depthwise", {middle, 1, 3, 3}, &random, &tensors);
    AddConv(block + ".project", {kChannels[i], middle, 1, 1}, &random,
            &tensors);
    in = kChannels[i];
  }
  AddConv("last_conv", {1280, in, 1, 1}, &random, &tensors);
  AddConv("classifier", {num_classes, 1280}, &random, &tensors);
  return tensors;
}

// Every channel: symbols -8..8, all equally likely, and an escape.
codec::CodecTables TinyTables() {
  constexpr int kReach = 8;
  constexpr uint32_t kTotal = 1u << codec::kCdfPrecisionBits;
  constexpr uint32_t kSlots = 2 * kReach + 2;
  std::vector<uint32_t> cdf;
  for (uint32_t k = 0; k < kSlots; ++k) cdf.push_back(k * (kTotal / kSlots));
  cdf.push_back(kTotal);
  std::vector<codec::ChannelTable> tables;
  for (int rate = 0; rate < kTinyNumRates; ++rate) {
    for (int channel = 0; channel < kTinyLatentChannels; ++channel) {
      const float gain = float(1 << rate);
      tables.push_back({gain, 1.0f / gain, 0.25f * float(channel),
                        codec::QuantizedCdf::Create(cdf, -kReach).value()});
    }
  }
  return codec::CodecTables::Create(kTinyNumRates, kTinyLatentChannels, tables)
      .value();
}

}  // namespace

std::string WriteTinyCodec(const std::filesystem::path& folder) {
  const at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const model::MobileNetWeights backbone = model::SplitMobileNet(
      model::WeightsFromTensors(TinyMobileNet(kTinyNumClasses)).value());
  model::Weights decoder = model::WithPrefix(
      model::InitPatchDecoder(kDecoder, generator), "decoder.");
  decoder.merge(model::WithPrefix(backbone.entrance, "entrance."));

  artifact::CodecSpec spec;
  spec.name = "tiny";
  spec.family = "patch";
  spec.latent_channels = kTinyLatentChannels;
  spec.num_rates = kTinyNumRates;
  spec.encoder = model::ToJson(kEncoder);
  spec.decoder = model::ToJson(kDecoder);
  return artifact::WriteCodec(
             folder, spec, TinyTables(),
             model::TensorsFromWeights(
                 model::InitPatchEncoder(kEncoder, generator),
                 model::StoredPrecision::kFloat),
             model::TensorsFromWeights(decoder, model::StoredPrecision::kFloat),
             nlohmann::json::object())
      .value();
}

void WriteTinyTail(const std::filesystem::path& folder,
                   const std::string& codec_id, int num_classes) {
  const model::MobileNetWeights backbone = model::SplitMobileNet(
      model::WeightsFromTensors(TinyMobileNet(num_classes)).value());
  artifact::TailSpec spec;
  spec.name = "tiny-tail";
  spec.task = "classification";
  spec.family = "mobilenetv2";
  spec.codec_ids = {codec_id};
  spec.network = nlohmann::json::object();
  std::vector<std::string> labels;
  for (int i = 0; i < num_classes; ++i) {
    labels.push_back("class " + std::to_string(i));
  }
  const absl::Status status = artifact::WriteTail(
      folder, spec, labels,
      model::TensorsFromWeights(backbone.tail, model::StoredPrecision::kFloat),
      nlohmann::json::object());
  EXPECT_TRUE(status.ok()) << status;
}

void WriteTinyTeacher(const std::filesystem::path& path) {
  const absl::Status status =
      artifact::WriteSafetensors(path, TinyMobileNet(kTinyNumClasses));
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace sluice::train
