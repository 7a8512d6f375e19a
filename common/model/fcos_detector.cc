#include "common/model/fcos_detector.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "common/model/field_reader.h"

namespace sluice::model {
namespace {

constexpr int kMaxWidth = 1024;
constexpr int kMaxConvs = 8;

FpnShape NeckShape(const FcosDetectorShape& shape) {
  return {.in_channels = {kMobileNetStageChannels.begin(),
                          kMobileNetStageChannels.end()},
          .width = shape.width};
}

FcosShape HeadShape(const FcosDetectorShape& shape, int num_classes) {
  return {.width = shape.width,
          .num_convs = shape.num_convs,
          .num_classes = num_classes,
          .num_levels = static_cast<int>(kMobileNetStageChannels.size()),
          .finest_stride = kMobileNetSeamStride};
}

}  // namespace

absl::StatusOr<FcosDetectorShape> FcosDetectorShapeOf(
    const nlohmann::json& network) {
  FieldReader fields(network, "tail.json: network");
  fields.Expect("neck", "fpn");
  fields.Expect("head", "fcos");
  FcosDetectorShape shape;
  shape.width = fields.TakeMultiple("width", kNormGroups, kMaxWidth);
  shape.num_convs = fields.Take("num_convs", kMaxConvs);
  SLUICE_RETURN_IF_ERROR(fields.status());
  return shape;
}

nlohmann::json ToJson(const FcosDetectorShape& shape) {
  return {{"neck", "fpn"},
          {"head", "fcos"},
          {"width", shape.width},
          {"num_convs", shape.num_convs}};
}

absl::StatusOr<FcosDetector> FcosDetector::Create(
    const FcosDetectorShape& shape, int num_classes, const Weights& weights) {
  WeightReader reader(weights);
  FcosDetector detector;
  detector.head_shape_ = HeadShape(shape, num_classes);
  detector.body_ = MobileNetBody(reader, MobileNetBody::Resolution::kStrided);
  detector.neck_ = Fpn(reader, "neck", NeckShape(shape));
  detector.head_ = FcosHead(reader, "head", detector.head_shape_);
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return detector;
}

FcosOutput FcosDetector::operator()(const at::Tensor& features) const {
  return head_(neck_(body_(features)));
}

FcosGrid FcosDetector::Grid(int64_t height, int64_t width) const {
  return MakeFcosGrid(head_shape_, height * kMobileNetSeamStride,
                      width * kMobileNetSeamStride);
}

ScoredBoxes ScoreBoxes(const FcosOutput& output, const FcosGrid& grid) {
  return {.scores = at::sqrt(at::sigmoid(output.class_logits) *
                             at::sigmoid(output.iou_logits).unsqueeze(2)),
          .boxes = BoxesAround(grid.centres, output.distances)};
}

void InitFcosDetector(const FcosDetectorShape& shape, int num_classes,
                      const at::Generator& generator, Weights* weights) {
  InitFpn("neck", NeckShape(shape), generator, weights);
  InitFcosHead("head", HeadShape(shape, num_classes), generator, weights);
}

}  // namespace sluice::model
