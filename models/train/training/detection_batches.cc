#include "models/train/training/detection_batches.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "models/train/data/parallel_for.h"
#include "models/train/training/sample_draw.h"

namespace sluice::train {
namespace {

// Of a box's area that is left within the result.
constexpr float kMinShareToKeep = 0.25f;
constexpr float kMinShareToFind = 0.5f;
constexpr float kMinSide = 1.0f;  // In pixels of the result.

struct Interval {
  float min;
  float max;
};

// From the source's pixels to the result's.
Interval ToResult(float min, float max, double scale, double offset) {
  const double a = (min - offset) / scale;
  const double b = (max - offset) / scale;
  return {static_cast<float>(std::min(a, b)),
          static_cast<float>(std::max(a, b))};
}

Interval Clip(const Interval& interval, int side) {
  const float limit = static_cast<float>(side);
  return {std::clamp(interval.min, 0.0f, limit),
          std::clamp(interval.max, 0.0f, limit)};
}

// Nothing for a box that is to be dropped.
std::optional<GroundTruth> VaryBox(const LabelledBox& label,
                                   const Variation& variation,
                                   vision::Size size) {
  const Interval whole_x = ToResult(label.box.x_min, label.box.x_max,
                                    variation.scale_x, variation.offset_x);
  const Interval whole_y = ToResult(label.box.y_min, label.box.y_max,
                                    variation.scale_y, variation.offset_y);
  const Interval x = Clip(whole_x, size.width);
  const Interval y = Clip(whole_y, size.height);
  if (x.max - x.min < kMinSide || y.max - y.min < kMinSide) return std::nullopt;
  const float share = (x.max - x.min) / (whole_x.max - whole_x.min) *
                      ((y.max - y.min) / (whole_y.max - whole_y.min));
  if (share < kMinShareToKeep) return std::nullopt;
  return GroundTruth{.class_index = label.class_index,
                     .box = {x.min, y.min, x.max, y.max},
                     .ignore = label.ignore || share < kMinShareToFind};
}

std::vector<GroundTruth> VaryBoxes(std::span<const LabelledBox> labels,
                                   const Variation& variation,
                                   vision::Size size) {
  std::vector<GroundTruth> boxes;
  for (const LabelledBox& label : labels) {
    const std::optional<GroundTruth> box = VaryBox(label, variation, size);
    if (box.has_value()) boxes.push_back(*box);
  }
  return boxes;
}

}  // namespace

absl::StatusOr<DetectionBatch> MakeDetectionBatch(
    const DetectionSet& set, std::span<const size_t> members,
    const Augmentation& augmentation, uint64_t seed, int64_t index, int size) {
  const vision::Size frame = augmentation.size;
  DetectionBatch batch;
  batch.pictures = at::empty({size, 3, frame.height, frame.width}, at::kFloat);
  batch.boxes.resize(size);
  float* const planes = batch.pictures.data_ptr<float>();
  const size_t sample_elements =
      static_cast<size_t>(3) * frame.height * frame.width;
  const auto make_sample = [&](size_t i) -> absl::Status {
    SampleDraw draw = DrawSample(members, seed, index, static_cast<int>(i));
    SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                            set.ReadPicture(draw.member));
    const Variation variation =
        DrawVariation(augmentation, picture.size(), &draw.random);
    ApplyVariation(picture, variation, frame, planes + i * sample_elements);
    batch.boxes[i] = VaryBoxes(set.boxes(draw.member), variation, frame);
    return absl::OkStatus();
  };
  SLUICE_RETURN_IF_ERROR(ParallelFor(size, /*num_threads=*/0, make_sample));
  return batch;
}

}  // namespace sluice::train
