#include "common/model/tail.h"

#include <ATen/ATen.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/deeplab_segmenter.h"
#include "common/model/fcos_detector.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/tensor_bridge.h"

namespace sluice::model {
namespace {

// A network on MobileNetV2's features, as the tensors that it names.
class MobileNetFeaturesTail : public Tail {
 public:
  using Network = std::function<std::vector<at::Tensor>(const at::Tensor&)>;

  MobileNetFeaturesTail(std::vector<std::string> names, Network network)
      : names_(std::move(names)), network_(std::move(network)) {}

  absl::StatusOr<std::vector<NamedTensor>> Run(
      const base::FloatTensor& features) const override {
    SLUICE_RETURN_IF_ERROR(
        CheckShape(features, {-1, kMobileNetSeamChannels, -1, -1}, "features"));
    if (features.shape[2] % 4 != 0 || features.shape[3] % 4 != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("features: expected sides that are multiples of 4, "
                       "found ",
                       base::ShapeToString(features.shape)));
    }
    SLUICE_ASSIGN_OR_RETURN(
        std::vector<base::FloatTensor> outputs,
        RunNetworkForAll([&] { return network_(ToTorch(features)); }));
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < names_.size(); ++i) {
      named.push_back({names_[i], std::move(outputs[i])});
    }
    return named;
  }

 private:
  const std::vector<std::string> names_;
  const Network network_;
};

using TailOr = absl::StatusOr<std::unique_ptr<Tail>>;

TailOr MakeClassifier(const nlohmann::json& /*network*/, int num_classes,
                      const Weights& weights) {
  SLUICE_ASSIGN_OR_RETURN(MobileNetTail tail,
                          MobileNetTail::Create(weights, num_classes));
  return std::make_unique<MobileNetFeaturesTail>(
      std::vector<std::string>{"logits"},
      [tail = std::move(tail)](const at::Tensor& features) {
        return std::vector<at::Tensor>{tail(features).logits};
      });
}

TailOr MakeDetector(const nlohmann::json& network, int num_classes,
                    const Weights& weights) {
  SLUICE_ASSIGN_OR_RETURN(const FcosDetectorShape shape,
                          FcosDetectorShapeOf(network));
  SLUICE_ASSIGN_OR_RETURN(FcosDetector detector,
                          FcosDetector::Create(shape, num_classes, weights));
  return std::make_unique<MobileNetFeaturesTail>(
      std::vector<std::string>{"scores", "boxes"},
      [detector = std::move(detector)](const at::Tensor& features) {
        const ScoredBoxes found =
            ScoreBoxes(detector(features),
                       detector.Grid(features.size(2), features.size(3)));
        return std::vector<at::Tensor>{found.scores, found.boxes};
      });
}

TailOr MakeSegmenter(const nlohmann::json& network, int num_classes,
                     const Weights& weights) {
  SLUICE_ASSIGN_OR_RETURN(const DeepLabSegmenterShape shape,
                          DeepLabSegmenterShapeOf(network));
  SLUICE_ASSIGN_OR_RETURN(
      DeepLabSegmenter segmenter,
      DeepLabSegmenter::Create(shape, num_classes, weights));
  return std::make_unique<MobileNetFeaturesTail>(
      std::vector<std::string>{"logits"},
      [segmenter = std::move(segmenter)](const at::Tensor& features) {
        return std::vector<at::Tensor>{segmenter(features)};
      });
}

}  // namespace

TailOr LoadTailNetwork(const artifact::TailArtifact& tail) {
  const auto make = tail.spec.family != "mobilenetv2"    ? nullptr
                    : tail.spec.task == "classification" ? &MakeClassifier
                    : tail.spec.task == "detection"      ? &MakeDetector
                    : tail.spec.task == "segmentation"   ? &MakeSegmenter
                                                         : nullptr;
  if (make == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "tail ", tail.spec.name,
        ": expected family \"mobilenetv2\" and task \"classification\", "
        "\"detection\" or \"segmentation\", found \"",
        tail.spec.family, "\" and \"", tail.spec.task, "\""));
  }
  SLUICE_ASSIGN_OR_RETURN(const Weights weights,
                          WeightsFromTensors(tail.weights));
  return make(tail.spec.network, static_cast<int>(tail.labels.size()), weights);
}

}  // namespace sluice::model
