#include "common/model/deeplab_segmenter.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "common/model/field_reader.h"

namespace sluice::model {
namespace {

constexpr int kMaxWidth = 1024;

DeepLabShape HeadShape(const DeepLabSegmenterShape& shape, int num_classes) {
  return {.deep_channels = kMobileNetStageChannels.back(),
          .fine_channels = kMobileNetStageChannels.front(),
          .width = shape.width,
          .fine_width = shape.fine_width,
          .num_classes = num_classes};
}

}  // namespace

absl::StatusOr<DeepLabSegmenterShape> DeepLabSegmenterShapeOf(
    const nlohmann::json& network) {
  FieldReader fields(network, "tail.json: network");
  fields.Expect("head", "deeplab");
  DeepLabSegmenterShape shape;
  shape.width = fields.TakeMultiple("width", kNormGroups, kMaxWidth);
  shape.fine_width = fields.TakeMultiple("fine_width", kNormGroups, kMaxWidth);
  SLUICE_RETURN_IF_ERROR(fields.status());
  return shape;
}

nlohmann::json ToJson(const DeepLabSegmenterShape& shape) {
  return {{"head", "deeplab"},
          {"width", shape.width},
          {"fine_width", shape.fine_width}};
}

absl::StatusOr<DeepLabSegmenter> DeepLabSegmenter::Create(
    const DeepLabSegmenterShape& shape, int num_classes,
    const Weights& weights) {
  WeightReader reader(weights);
  DeepLabSegmenter segmenter;
  segmenter.body_ = MobileNetBody(reader, MobileNetBody::Resolution::kDilated);
  segmenter.head_ = DeepLabHead(reader, "head", HeadShape(shape, num_classes));
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return segmenter;
}

at::Tensor DeepLabSegmenter::operator()(const at::Tensor& features) const {
  const std::vector<at::Tensor> stages = body_(features);
  return head_(stages.back(), stages.front());
}

void InitDeepLabSegmenter(const DeepLabSegmenterShape& shape, int num_classes,
                          const at::Generator& generator, Weights* weights) {
  InitDeepLabHead("head", HeadShape(shape, num_classes), generator, weights);
}

}  // namespace sluice::model
