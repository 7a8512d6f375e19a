#include "common/model/teacher.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/tensor_bridge.h"

namespace sluice::model {
namespace {

constexpr int kNumImageNetClasses = 1000;

class TorchTeacher : public Teacher {
 public:
  TorchTeacher(MobileNetEntrance entrance, MobileNetTail tail)
      : entrance_(std::move(entrance)), tail_(std::move(tail)) {}

  absl::StatusOr<base::FloatTensor> Run(
      const base::FloatTensor& pictures) const override {
    SLUICE_RETURN_IF_ERROR(CheckShape(pictures, {-1, 3, -1, -1}, "pictures"));
    return RunNetwork(
        [&] { return tail_(entrance_(ToTorch(pictures))).logits; });
  }

 private:
  MobileNetEntrance entrance_;
  MobileNetTail tail_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Teacher>> LoadTeacher(
    const std::filesystem::path& path) {
  SLUICE_ASSIGN_OR_RETURN(const artifact::TensorMap tensors,
                          artifact::ReadSafetensors(path));
  SLUICE_ASSIGN_OR_RETURN(const Weights weights, WeightsFromTensors(tensors));
  const MobileNetWeights split = SplitMobileNet(weights);
  SLUICE_ASSIGN_OR_RETURN(MobileNetEntrance entrance,
                          MobileNetEntrance::Create(split.entrance));
  SLUICE_ASSIGN_OR_RETURN(
      MobileNetTail tail,
      MobileNetTail::Create(split.tail, kNumImageNetClasses));
  return std::make_unique<TorchTeacher>(std::move(entrance), std::move(tail));
}

}  // namespace sluice::model
