#include "models/train/tools/package.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/file_io.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "common/model/decoder_network.h"
#include "common/model/torchscript_tail.h"
#include "models/train/data/annotate.h"

namespace sluice::train {
namespace {

using Outputs = std::vector<model::NamedTensor>;

// Of the pictures that the module is tried on.
struct ViewSize {
  int width;
  int height;

  std::string ToString() const { return absl::StrCat(width, "x", height); }
};
constexpr ViewSize kViews[] = {{224, 224}, {320, 256}};
constexpr int kBatch = 2;

// Far above what another order of summation does, far below a softmax over
// the wrong dimension.
constexpr float kTolerance = 1e-2f;

absl::StatusOr<std::vector<std::string>> ReadLabels(
    const std::filesystem::path& path) {
  if (path.empty()) return std::vector<std::string>();
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, 1u << 20));
  std::vector<std::string> labels =
      absl::StrSplit(std::string(bytes.begin(), bytes.end()), '\n');
  if (labels.back().empty()) labels.pop_back();  // After the last newline.
  return labels;
}

// Features of kBatch pictures that differ everywhere: ties would leave it to
// rounding which of them a module prefers.
absl::StatusOr<base::FloatTensor> MakeFeatures(
    const artifact::CodecSpec& spec, const model::FeatureDecoder& decoder,
    const ViewSize& view) {
  base::FloatTensor y_hat;
  y_hat.shape = {kBatch, spec.latent_channels,
                 artifact::LatentSide(spec, view.height),
                 artifact::LatentSide(spec, view.width)};
  y_hat.values.resize(base::NumElements(y_hat.shape));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> element(-2, 2);
  for (float& value : y_hat.values) value = element(random);
  return decoder.Decode(y_hat, std::vector<int>(kBatch, spec.default_rate));
}

base::FloatTensor SampleOf(const base::FloatTensor& batch, int sample) {
  base::FloatTensor one = {.shape = batch.shape, .values = {}};
  one.shape[0] = 1;
  const size_t num_values = batch.values.size() / batch.shape[0];
  const auto begin = batch.values.begin() + sample * num_values;
  one.values.assign(begin, begin + num_values);
  return one;
}

bool IsClose(const base::FloatTensor& expected,
             const base::FloatTensor& found) {
  if (found.shape != expected.shape) return false;
  float largest = 0;
  for (const float value : expected.values) {
    largest = std::max(largest, std::abs(value));
  }
  return std::equal(expected.values.begin(), expected.values.end(),
                    found.values.begin(), [&](float a, float b) {
                      return a == b || (std::isnan(a) && std::isnan(b)) ||
                             std::abs(a - b) <= kTolerance * largest;
                    });
}

absl::Status CheckSample(const Outputs& batch, int sample,
                         const Outputs& alone) {
  bool is_same = batch.size() == alone.size();
  for (size_t i = 0; is_same && i < alone.size(); ++i) {
    is_same = batch[i].name == alone[i].name &&
              IsClose(alone[i].tensor, SampleOf(batch[i].tensor, sample));
  }
  if (is_same) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("expected the same of a picture alone and in a batch of ",
                   kBatch, ", as a server batches them; found a difference"));
}

// What the module makes of the first picture of that size.
absl::StatusOr<Outputs> TryView(const artifact::CodecSpec& spec,
                                const model::FeatureDecoder& decoder,
                                const model::Tail& module,
                                const ViewSize& view) {
  SLUICE_ASSIGN_OR_RETURN(const base::FloatTensor features,
                          MakeFeatures(spec, decoder, view));
  SLUICE_ASSIGN_OR_RETURN(const Outputs batch, module.Run(features));
  Outputs first;
  for (int sample = 0; sample < kBatch; ++sample) {
    SLUICE_ASSIGN_OR_RETURN(Outputs alone,
                            module.Run(SampleOf(features, sample)));
    SLUICE_RETURN_IF_ERROR(CheckSample(batch, sample, alone));
    if (sample == 0) first = std::move(alone);
  }
  return first;
}

// {"224x224": {"scores": [49, 3]}}: shapes without the batch's dimension.
absl::StatusOr<nlohmann::json> TryBehind(const artifact::CodecArtifact& codec,
                                         const model::Tail& module) {
  SLUICE_ASSIGN_OR_RETURN(const std::unique_ptr<model::FeatureDecoder> decoder,
                          model::LoadFeatureDecoder(codec));
  nlohmann::json shapes = nlohmann::json::object();
  for (const ViewSize& view : kViews) {
    const absl::StatusOr<Outputs> outputs =
        TryView(codec.spec, *decoder, module, view);
    if (!outputs.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "behind codec ", codec.spec.name, ", for ", view.ToString(),
          " pixels: ", outputs.status().message()));
    }
    for (const model::NamedTensor& output : *outputs) {
      const std::vector<int64_t>& shape = output.tensor.shape;
      shapes[view.ToString()][output.name] =
          std::vector<int64_t>(shape.begin() + 1, shape.end());
    }
  }
  return shapes;
}

std::string Describe(const PackageOptions& options, size_t module_bytes,
                     const std::vector<std::string>& codec_names,
                     const nlohmann::json& shapes) {
  std::string text = absl::StrCat(
      options.out.string(), ": tail ", options.name, ", a module of ",
      module_bytes, " bytes for codec ", absl::StrJoin(codec_names, ", "));
  for (const auto& [view, outputs] : shapes.items()) {
    absl::StrAppend(&text, "\n", view, " pixels:");
    for (const auto& [name, shape] : outputs.items()) {
      absl::StrAppend(&text, " ", name, " ", shape.dump());
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> PackageTorchScript(const PackageOptions& options) {
  std::error_code error;
  if (std::filesystem::exists(options.out, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(options.out.string(),
                     ": expected nothing there yet, found a file or folder"));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<std::string> labels,
                          ReadLabels(options.labels));
  artifact::TailArtifact tail;
  tail.spec = {.name = options.name,
               .task = "tensors",
               .family = artifact::kTorchScriptFamily,
               .codec_ids = {},
               .network = nlohmann::json::object()};
  SLUICE_ASSIGN_OR_RETURN(
      tail.module, base::ReadFile(options.module, artifact::kMaxModuleBytes));
  const absl::StatusOr<std::unique_ptr<model::Tail>> module =
      model::LoadTorchScriptTail(tail);
  if (!module.ok()) return Annotate(module.status(), options.module.string());

  nlohmann::json shapes;
  std::vector<std::string> codec_names;
  for (const std::filesystem::path& folder : options.codecs) {
    SLUICE_ASSIGN_OR_RETURN(
        const artifact::CodecArtifact codec,
        artifact::LoadCodec(folder, artifact::CodecHalf::kServer));
    absl::StatusOr<nlohmann::json> tried = TryBehind(codec, **module);
    if (!tried.ok()) return Annotate(tried.status(), options.module.string());
    shapes = *std::move(tried);
    codec_names.push_back(codec.spec.name);
    tail.spec.codec_ids.push_back(codec.id);
  }
  SLUICE_RETURN_IF_ERROR(artifact::WriteTorchScriptTail(
      options.out, tail.spec, labels, tail.module, {{"outputs", shapes}}));
  return Describe(options, tail.module.size(), codec_names, shapes);
}

}  // namespace sluice::train
