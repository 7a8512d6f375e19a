// A detection tail on MobileNetV2: body, feature pyramid, FCOS head.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "common/model/fcos_head.h"
#include "common/model/fpn.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/weights.h"
#include "nlohmann/json.hpp"

namespace sluice::model {

// tail.json's "network" object of task "detection".
struct FcosDetectorShape {
  int width = 64;     // Of the pyramid and the head.
  int num_convs = 2;  // A tower.
};

// InvalidArgument naming the field when it is missing or outside its range.
absl::StatusOr<FcosDetectorShape> FcosDetectorShapeOf(
    const nlohmann::json& network);
nlohmann::json ToJson(const FcosDetectorShape& shape);

// Weights of MobileNetBody, "neck" (an Fpn) and "head" (an FcosHead).
class FcosDetector {
 public:
  static absl::StatusOr<FcosDetector> Create(const FcosDetectorShape& shape,
                                             int num_classes,
                                             const Weights& weights);

  // Features [N,32,h,w], h and w multiples of 4.
  FcosOutput operator()(const at::Tensor& features) const;
  // Of features of those sides.
  FcosGrid Grid(int64_t height, int64_t width) const;

 private:
  FcosShape head_shape_;
  MobileNetBody body_;
  Fpn neck_;
  FcosHead head_;
};

// Raw answers to what a picture's detections are selected from: scores
// sqrt(p(class) * IoU) [N,P,num_classes] and boxes [N,P,4].
struct ScoredBoxes {
  at::Tensor scores;
  at::Tensor boxes;
};
ScoredBoxes ScoreBoxes(const FcosOutput& output, const FcosGrid& grid);

// Fresh neck and head; the body is pretrained.
void InitFcosDetector(const FcosDetectorShape& shape, int num_classes,
                      const at::Generator& generator, Weights* weights);

}  // namespace sluice::model
