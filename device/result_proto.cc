#include "device/result_proto.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "common/vision/picture_header.h"
#include "common/wire/grpc_status.h"
#include "device/view_mask.h"

namespace sluice::device {
namespace {

using vision::Size;

constexpr uint32_t kMaxClassIndex = std::numeric_limits<int>::max();
constexpr int kMaxMaskLabels = task::kNoClass;

std::string ToText(Size size) {
  return absl::StrCat(size.width, " x ", size.height);
}

// Written so that NaN fails as well.
absl::Status CheckScore(float score) {
  if (score >= 0.0f && score <= 1.0f) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("expected a score of 0 to 1, found ", score));
}

absl::StatusOr<std::vector<RankedLabel>> LabelsFromProto(
    const v1::Classification& proto) {
  std::vector<RankedLabel> labels;
  for (const v1::Classification::Class& entry : proto.top()) {
    SLUICE_RETURN_IF_ERROR(CheckScore(entry.score()));
    labels.push_back({entry.index(), entry.label(), entry.score()});
  }
  return labels;
}

absl::StatusOr<LabelledBox> BoxFromProto(const v1::Detection::Box& proto,
                                         Size picture) {
  SLUICE_RETURN_IF_ERROR(CheckScore(proto.score()));
  if (proto.index() > kMaxClassIndex) {
    return absl::DataLossError(absl::StrCat(
        "expected a class up to ", kMaxClassIndex, ", found ", proto.index()));
  }
  // Written so that NaN fails as well.
  const bool is_within =
      proto.x_min() >= 0.0f && proto.x_min() < proto.x_max() &&
      proto.x_max() <= static_cast<float>(picture.width) &&
      proto.y_min() >= 0.0f && proto.y_min() < proto.y_max() &&
      proto.y_max() <= static_cast<float>(picture.height);
  if (!is_within) {
    return absl::DataLossError(
        absl::StrCat("expected a box within ", ToText(picture),
                     " pixels, found ", proto.x_min(), ", ", proto.y_min(),
                     " to ", proto.x_max(), ", ", proto.y_max()));
  }
  return LabelledBox{
      proto.label(),
      proto.score(),
      static_cast<int>(proto.index()),
      {proto.x_min(), proto.y_min(), proto.x_max(), proto.y_max()}};
}

absl::StatusOr<std::vector<LabelledBox>> BoxesFromProto(
    const v1::Detection& proto, Size picture) {
  std::vector<LabelledBox> boxes;
  for (const v1::Detection::Box& entry : proto.boxes()) {
    SLUICE_ASSIGN_OR_RETURN(LabelledBox box, BoxFromProto(entry, picture));
    boxes.push_back(std::move(box));
  }
  return boxes;
}

// Checks the size before anything is decoded.
absl::StatusOr<task::Mask> MaskFromPng(const std::string& bytes, Size size) {
  const std::span<const uint8_t> png(
      reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  SLUICE_ASSIGN_OR_RETURN(const vision::PictureHeader header,
                          vision::ReadPictureHeader(png));
  if (header.stored != size) {
    return absl::DataLossError(absl::StrCat("expected a PNG of ", ToText(size),
                                            " pixels, found ",
                                            ToText(header.stored)));
  }
  return task::DecodePng(png);
}

absl::StatusOr<task::Mask> PixelsFromProto(const v1::Segmentation& proto,
                                           Size size) {
  switch (proto.mask_case()) {
    case v1::Segmentation::kPng:
      return MaskFromPng(proto.png(), size);
    case v1::Segmentation::kRunLengths: {
      const v1::RunLengths& runs = proto.run_lengths();
      return task::DecodeRuns(
          {{runs.class_index().begin(), runs.class_index().end()},
           {runs.length().begin(), runs.length().end()}},
          size);
    }
    case v1::Segmentation::MASK_NOT_SET:
      break;
  }
  return absl::DataLossError("expected a PNG or run lengths, found neither");
}

absl::StatusOr<LabelledMask> MaskFromProto(const v1::Segmentation& proto,
                                           Size picture) {
  if (proto.width() < 1 || proto.height() < 1 ||
      proto.width() > static_cast<uint32_t>(picture.width) ||
      proto.height() > static_cast<uint32_t>(picture.height)) {
    return absl::DataLossError(
        absl::StrCat("expected a mask of 1 x 1 to ", ToText(picture),
                     " pixels, found ", proto.width(), " x ", proto.height()));
  }
  if (proto.labels_size() < 1 || proto.labels_size() > kMaxMaskLabels) {
    return absl::DataLossError(absl::StrCat("expected 1 to ", kMaxMaskLabels,
                                            " labels of a mask, found ",
                                            proto.labels_size()));
  }
  const Size size{static_cast<int>(proto.width()),
                  static_cast<int>(proto.height())};
  absl::StatusOr<task::Mask> mask = PixelsFromProto(proto, size);
  if (!mask.ok()) return absl::DataLossError(mask.status().message());
  for (const uint8_t c : mask->classes) {
    if (c < proto.labels_size() || c == task::kNoClass) continue;
    return absl::DataLossError(absl::StrCat("expected a mask of ",
                                            proto.labels_size(),
                                            " classes, found class ", c));
  }
  return LabelledMask{*std::move(mask),
                      {proto.labels().begin(), proto.labels().end()}};
}

// Divides, because the product of a shape could overflow.
bool IsFilledBy(std::span<const int64_t> shape, size_t num_elements) {
  const auto has_side = [shape](auto predicate) {
    return std::any_of(shape.begin(), shape.end(), predicate);
  };
  if (has_side([](int64_t side) { return side < 0; })) return false;
  if (has_side([](int64_t side) { return side == 0; })) {
    return num_elements == 0;
  }
  for (const int64_t side : shape) {
    if (num_elements % static_cast<size_t>(side) != 0) return false;
    num_elements /= static_cast<size_t>(side);
  }
  return num_elements == 1;
}

absl::StatusOr<std::vector<TensorSummary>> TensorsFromProto(
    const v1::Tensors& proto) {
  std::vector<TensorSummary> tensors;
  for (const v1::Tensors::Tensor& tensor : proto.tensors()) {
    const size_t bytes = tensor.float32_le().size();
    std::vector<int64_t> shape(tensor.shape().begin(), tensor.shape().end());
    if (bytes % sizeof(float) != 0 ||
        !IsFilledBy(shape, bytes / sizeof(float))) {
      return absl::DataLossError(absl::StrCat(
          "tensor ", tensor.name(), ": expected float32 ",
          base::ShapeToString(shape), ", found ", bytes, " bytes"));
    }
    tensors.push_back({tensor.name(), std::move(shape), bytes});
  }
  return tensors;
}

std::vector<LabelledBox> BoxesToSource(std::vector<LabelledBox> boxes,
                                       const vision::Geometry& geometry) {
  std::vector<LabelledBox> in_source;
  for (LabelledBox& box : boxes) {
    const task::Detection detection{box.class_index, box.score, box.box};
    const std::vector<task::Detection> seen =
        task::ToSource({&detection, 1}, geometry);
    if (seen.empty()) continue;
    box.box = seen.front().box;
    in_source.push_back(std::move(box));
  }
  return in_source;
}

absl::StatusOr<TailOutput> OutputFromProto(const v1::Result& proto,
                                           const vision::Geometry& geometry,
                                           ResultPixels pixels) {
  const bool is_of_view = pixels == ResultPixels::kOfView;
  const Size picture = is_of_view ? geometry.valid : geometry.source;
  switch (proto.output_case()) {
    case v1::Result::kClassification:
      return LabelsFromProto(proto.classification());
    case v1::Result::kDetection: {
      SLUICE_ASSIGN_OR_RETURN(std::vector<LabelledBox> boxes,
                              BoxesFromProto(proto.detection(), picture));
      if (is_of_view) boxes = BoxesToSource(std::move(boxes), geometry);
      return boxes;
    }
    case v1::Result::kSegmentation: {
      SLUICE_ASSIGN_OR_RETURN(LabelledMask mask,
                              MaskFromProto(proto.segmentation(), picture));
      if (is_of_view) mask.mask = MaskToSource(mask.mask, geometry);
      return mask;
    }
    case v1::Result::kTensors:
      return TensorsFromProto(proto.tensors());
    case v1::Result::OUTPUT_NOT_SET:
      break;
  }
  return absl::UnimplementedError(
      "expected a classification, detection, segmentation or tensors: this "
      "sluice-device knows no other output");
}

}  // namespace

TailResult ResultFromProto(const v1::Result& proto,
                           const vision::Geometry& geometry,
                           ResultPixels pixels) {
  TailResult result;
  result.tail = proto.tail();
  result.bytes = proto.ByteSizeLong();
  result.status = wire::StatusFromProto(proto);
  if (!result.status.ok()) return result;
  absl::StatusOr<TailOutput> output = OutputFromProto(proto, geometry, pixels);
  if (output.ok()) {
    result.output = *std::move(output);
  } else {
    result.status = output.status();
  }
  return result;
}

}  // namespace sluice::device
