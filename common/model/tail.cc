#include "common/model/tail.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/tensor_bridge.h"

namespace sluice::model {
namespace {

class TorchMobileNetTail : public Tail {
 public:
  explicit TorchMobileNetTail(MobileNetTail network)
      : network_(std::move(network)) {}

  absl::StatusOr<base::FloatTensor> Run(
      const base::FloatTensor& features) const override {
    SLUICE_RETURN_IF_ERROR(
        CheckShape(features, {-1, kMobileNetSeamChannels, -1, -1}, "features"));
    if (features.shape[2] % 4 != 0 || features.shape[3] % 4 != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("features: expected sides that are multiples of 4, "
                       "found ",
                       base::ShapeToString(features.shape)));
    }
    return RunNetwork([&] { return network_(ToTorch(features)).logits; });
  }

 private:
  MobileNetTail network_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Tail>> LoadTailNetwork(
    const artifact::TailArtifact& tail) {
  if (tail.spec.family != "mobilenetv2" || tail.spec.task != "classification") {
    return absl::NotFoundError(absl::StrCat(
        "tail ", tail.spec.name,
        ": expected family \"mobilenetv2\" and task \"classification\", found "
        "\"",
        tail.spec.family, "\" and \"", tail.spec.task, "\""));
  }
  SLUICE_ASSIGN_OR_RETURN(const Weights weights,
                          WeightsFromTensors(tail.weights));
  SLUICE_ASSIGN_OR_RETURN(
      MobileNetTail network,
      MobileNetTail::Create(weights, static_cast<int>(tail.labels.size())));
  return std::make_unique<TorchMobileNetTail>(std::move(network));
}

}  // namespace sluice::model
