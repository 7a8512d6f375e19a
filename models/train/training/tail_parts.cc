#include "models/train/training/tail_parts.h"

#include <ATen/ATen.h>

#include <iostream>
#include <utility>

#include "absl/strings/str_split.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/teacher_parts.h"

namespace sluice::train {
namespace {

bool IsBodyWeight(const std::string& name) { return name.starts_with("block"); }

}  // namespace

absl::StatusOr<TailCodecs> OpenTailCodecs(const Recipe& recipe,
                                          at::Device device) {
  TailCodecs codecs;
  for (const std::string& folder : recipe.codecs) {
    SLUICE_ASSIGN_OR_RETURN(
        const artifact::CodecArtifact artifact,
        artifact::LoadCodec(folder, artifact::CodecHalf::kBoth));
    SLUICE_ASSIGN_OR_RETURN(FrozenCodec codec,
                            FrozenCodec::Create(artifact, device));
    codecs.networks.push_back(std::move(codec));
    codecs.ids.push_back(artifact.id);
  }
  return codecs;
}

absl::StatusOr<std::vector<std::string>> ReadLabelLines(
    const std::filesystem::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, 1u << 20));
  std::vector<std::string> labels;
  const std::string text(bytes.begin(), bytes.end());
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    labels.emplace_back(line);
  }
  return labels;
}

absl::StatusOr<model::Weights> StartTail(
    const Recipe& recipe, const TrainOptions& options, at::Device device,
    const std::function<void(const at::Generator&, model::Weights*)>&
        add_head) {
  model::Weights weights;
  if (options.init) {
    SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact tail,
                            artifact::LoadTail(*options.init));
    SLUICE_ASSIGN_OR_RETURN(weights, model::WeightsFromTensors(tail.weights));
    return OnDevice(weights, device);
  }
  SLUICE_ASSIGN_OR_RETURN(
      const TeacherParts teacher,
      LoadTeacherParts(options.data / recipe.teacher, at::kCPU));
  for (const auto& [name, weight] : teacher.weights.tail) {
    if (IsBodyWeight(name)) weights.emplace(name, weight.clone());
  }
  add_head(at::detail::createCPUGenerator(recipe.seed), &weights);
  return OnDevice(weights, device);
}

bool TrainsTailWeight(const Phase& phase, const std::string& name) {
  return phase.trains == Phase::Trains::kTail || !IsBodyWeight(name);
}

absl::Status ExportTail(const Recipe& recipe, const TrainOptions& options,
                        const std::string& task, const TailCodecs& codecs,
                        const std::vector<std::string>& labels,
                        size_t num_pictures, const model::Weights& weights) {
  const artifact::TailSpec spec = {.name = recipe.name,
                                   .task = task,
                                   .family = "mobilenetv2",
                                   .codec_ids = codecs.ids,
                                   .network = recipe.network.is_object()
                                                  ? recipe.network
                                                  : nlohmann::json::object()};
  SLUICE_RETURN_IF_ERROR(artifact::WriteTail(
      options.out / "artifact", spec, labels,
      model::TensorsFromWeights(weights, model::StoredPrecision::kHalf),
      {{"provenance", recipe.provenance},
       {"num_training_pictures", num_pictures}}));
  std::cout << "tail in " << (options.out / "artifact").string() << std::endl;
  return absl::OkStatus();
}

}  // namespace sluice::train
