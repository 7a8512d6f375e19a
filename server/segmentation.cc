#include "server/segmentation.h"

#include <cstdint>
#include <vector>

#include "common/base/status_macros.h"
#include "common/task/segmentation.h"

namespace sluice::server {
namespace {

void RunsToProto(const task::RunLengths& runs, v1::RunLengths* proto) {
  proto->mutable_class_index()->Add(runs.classes.begin(), runs.classes.end());
  proto->mutable_length()->Add(runs.lengths.begin(), runs.lengths.end());
}

}  // namespace

absl::StatusOr<v1::Segmentation> SegmentPicture(
    std::span<const float> logits, int height, int width,
    std::span<const std::string> labels, const vision::Geometry& geometry,
    const MaskOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(
      const task::Mask mask,
      task::MaskFromLogits(logits, static_cast<int>(labels.size()), height,
                           width, geometry,
                           task::MaskSize(geometry.source, options.max_side)));
  v1::Segmentation result;
  result.set_width(static_cast<uint32_t>(mask.size.width));
  result.set_height(static_cast<uint32_t>(mask.size.height));
  if (options.format == v1::MASK_FORMAT_RUN_LENGTHS) {
    RunsToProto(task::EncodeRuns(mask), result.mutable_run_lengths());
  } else {
    SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> png,
                            task::EncodePng(mask));
    result.set_png(png.data(), png.size());
  }
  result.mutable_labels()->Add(labels.begin(), labels.end());
  return result;
}

}  // namespace sluice::server
