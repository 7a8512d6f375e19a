#include "server/detection.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/task/detection.h"

namespace sluice::server {
namespace {

void BoxToProto(const task::Detection& detection, const std::string& label,
                v1::Detection::Box* box) {
  box->set_index(static_cast<uint32_t>(detection.class_index));
  box->set_label(label);
  box->set_score(detection.score);
  box->set_x_min(detection.box.x_min);
  box->set_y_min(detection.box.y_min);
  box->set_x_max(detection.box.x_max);
  box->set_y_max(detection.box.y_max);
}

}  // namespace

absl::StatusOr<v1::Detection> DetectObjects(std::span<const float> scores,
                                            std::span<const float> boxes,
                                            std::span<const std::string> labels,
                                            const vision::Geometry& geometry,
                                            float score_threshold) {
  task::SelectOptions options;
  options.score_threshold =
      score_threshold > 0.0f ? score_threshold : kDefaultBoxScore;
  options.max_detections = kMaxBoxes;
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<task::Detection> detections,
      task::SelectDetections(scores, boxes, static_cast<int>(labels.size()),
                             options));
  if (!detections.empty() && detections.front().score > 1.0f) {
    return absl::InternalError(absl::StrCat("a box has the score ",
                                            detections.front().score,
                                            ", expected at most 1"));
  }
  v1::Detection result;
  for (const task::Detection& detection :
       task::ToSource(detections, geometry)) {
    BoxToProto(detection, labels[detection.class_index], result.add_boxes());
  }
  return result;
}

}  // namespace sluice::server
