#include "models/train/training/segmentation_batches.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "models/train/data/parallel_for.h"
#include "models/train/training/sample_draw.h"

namespace sluice::train {
namespace {

// For each pixel of one side of the result the source's pixel that its centre
// lies in, which may be outside of the source.
std::vector<int64_t> SourcePixels(int side, double scale, double offset) {
  std::vector<int64_t> pixels(side);
  for (int i = 0; i < side; ++i) {
    pixels[i] = static_cast<int64_t>(std::floor((i + 0.5) * scale + offset));
  }
  return pixels;
}

// Nearest neighbours, written to `out` [H,W] of `size`.
void VaryMask(const task::Mask& mask, const Variation& variation,
              vision::Size size, int64_t* out) {
  const std::vector<int64_t> columns =
      SourcePixels(size.width, variation.scale_x, variation.offset_x);
  const std::vector<int64_t> rows =
      SourcePixels(size.height, variation.scale_y, variation.offset_y);
  for (const int64_t row : rows) {
    for (const int64_t column : columns) {
      const bool is_inside = row >= 0 && row < mask.size.height &&
                             column >= 0 && column < mask.size.width;
      *out++ = is_inside ? mask.classes[row * mask.size.width + column]
                         : task::kNoClass;
    }
  }
}

}  // namespace

absl::StatusOr<SegmentationBatch> MakeSegmentationBatch(
    const SegmentationSet& set, std::span<const size_t> members,
    const Augmentation& augmentation, uint64_t seed, int64_t index, int size) {
  const vision::Size frame = augmentation.size;
  SegmentationBatch batch;
  batch.pictures = at::empty({size, 3, frame.height, frame.width}, at::kFloat);
  batch.classes = at::empty({size, frame.height, frame.width}, at::kLong);
  float* const planes = batch.pictures.data_ptr<float>();
  int64_t* const classes = batch.classes.data_ptr<int64_t>();
  const size_t mask_elements = static_cast<size_t>(frame.height) * frame.width;
  const auto make_sample = [&](size_t i) -> absl::Status {
    SampleDraw draw = DrawSample(members, seed, index, static_cast<int>(i));
    SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                            set.ReadPicture(draw.member));
    SLUICE_ASSIGN_OR_RETURN(const task::Mask mask, set.ReadMask(draw.member));
    const Variation variation =
        DrawVariation(augmentation, picture.size(), &draw.random);
    ApplyVariation(picture, variation, frame, planes + i * 3 * mask_elements);
    VaryMask(mask, variation, frame, classes + i * mask_elements);
    return absl::OkStatus();
  };
  SLUICE_RETURN_IF_ERROR(ParallelFor(size, /*num_threads=*/0, make_sample));
  return batch;
}

}  // namespace sluice::train
