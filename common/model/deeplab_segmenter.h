// A segmentation tail on MobileNetV2: dilated body, DeepLab head.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "common/model/deeplab_head.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/weights.h"
#include "nlohmann/json.hpp"

namespace sluice::model {

// tail.json's "network" object of task "segmentation".
struct DeepLabSegmenterShape {
  int width = 128;      // Of the pyramid pooling.
  int fine_width = 32;  // Of what is taken from the finest stage.
};

// InvalidArgument naming the field when it is missing or outside its range.
absl::StatusOr<DeepLabSegmenterShape> DeepLabSegmenterShapeOf(
    const nlohmann::json& network);
nlohmann::json ToJson(const DeepLabSegmenterShape& shape);

// Weights of MobileNetBody and "head" (a DeepLabHead).
class DeepLabSegmenter {
 public:
  static absl::StatusOr<DeepLabSegmenter> Create(
      const DeepLabSegmenterShape& shape, int num_classes,
      const Weights& weights);

  // Features [N,32,h,w], h and w multiples of 4 -> logits [N,num_classes,h,w].
  at::Tensor operator()(const at::Tensor& features) const;

 private:
  MobileNetBody body_;
  DeepLabHead head_;
};

// A fresh head; the body is pretrained.
void InitDeepLabSegmenter(const DeepLabSegmenterShape& shape, int num_classes,
                          const at::Generator& generator, Weights* weights);

}  // namespace sluice::model
