#include "tests/train/tiny_tails.h"

#include <ATen/ATen.h>

#include "absl/strings/match.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "common/model/deeplab_segmenter.h"
#include "common/model/fcos_detector.h"
#include "common/model/weights.h"
#include "tests/model/tiny_models.h"

namespace sluice::train {
namespace {

// Those of a classification tail, which is written to `folder` for them, but
// for what is behind the body.
absl::StatusOr<model::Weights> BodyWeights(const std::filesystem::path& folder,
                                           const std::string& codec_id,
                                           int seed) {
  SLUICE_RETURN_IF_ERROR(
      testing::WriteTinyTail(folder, "body", codec_id, seed));
  SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact tail,
                          artifact::LoadTail(folder));
  SLUICE_ASSIGN_OR_RETURN(model::Weights weights,
                          model::WeightsFromTensors(tail.weights));
  std::erase_if(weights, [](const auto& entry) {
    return absl::StartsWith(entry.first, "last_conv.") ||
           absl::StartsWith(entry.first, "classifier.");
  });
  return weights;
}

absl::Status Write(const std::filesystem::path& folder, const std::string& task,
                   const std::string& codec_id, const nlohmann::json& network,
                   const std::vector<std::string>& labels,
                   const model::Weights& weights) {
  return artifact::WriteTail(
      folder,
      {.name = "tiny-" + task,
       .task = task,
       .family = "mobilenetv2",
       .codec_ids = {codec_id},
       .network = network},
      labels, model::TensorsFromWeights(weights, model::StoredPrecision::kHalf),
      nlohmann::json::object());
}

at::Generator MakeGenerator(int seed) {
  return at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
}

}  // namespace

absl::Status WriteTinyDetector(const std::filesystem::path& folder,
                               const std::string& codec_id, int seed,
                               const std::vector<std::string>& labels) {
  SLUICE_ASSIGN_OR_RETURN(model::Weights weights,
                          BodyWeights(folder, codec_id, seed));
  const model::FcosDetectorShape shape = {.width = 32, .num_convs = 1};
  model::InitFcosDetector(shape, static_cast<int>(labels.size()),
                          MakeGenerator(seed), &weights);
  return Write(folder, "detection", codec_id, model::ToJson(shape), labels,
               weights);
}

absl::Status WriteTinySegmenter(const std::filesystem::path& folder,
                                const std::string& codec_id, int seed,
                                const std::vector<std::string>& labels,
                                int ignore_index) {
  SLUICE_ASSIGN_OR_RETURN(model::Weights weights,
                          BodyWeights(folder, codec_id, seed));
  const model::DeepLabSegmenterShape shape = {.width = 32, .fine_width = 16};
  model::InitDeepLabSegmenter(shape, static_cast<int>(labels.size()),
                              MakeGenerator(seed), &weights);
  nlohmann::json network = model::ToJson(shape);
  if (ignore_index >= 0) network["ignore_index"] = ignore_index;
  return Write(folder, "segmentation", codec_id, network, labels, weights);
}

}  // namespace sluice::train
