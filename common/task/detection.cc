#include "common/task/detection.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::task {
namespace {

// In double, so that no finite box overflows.
double AreaOf(const Box& box) {
  const double width = static_cast<double>(box.x_max) - box.x_min;
  const double height = static_cast<double>(box.y_max) - box.y_min;
  return std::max(0.0, width) * std::max(0.0, height);
}

absl::Status CheckSizes(size_t num_scores, size_t num_box_numbers,
                        int num_classes) {
  if (num_classes < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at least 1 class, found ", num_classes));
  }
  const size_t num_positions = num_scores / num_classes;
  if (num_scores % num_classes != 0 || num_box_numbers != 4 * num_positions) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected scores [P,", num_classes, "] and boxes [P,4], found ",
        num_scores, " and ", num_box_numbers, " numbers"));
  }
  return absl::OkStatus();
}

// Written so that NaN fails as well.
bool IsShare(float value) { return value >= 0.0f && value <= 1.0f; }

absl::Status CheckOptions(const SelectOptions& options) {
  if (!IsShare(options.score_threshold) || !IsShare(options.nms_iou)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a score threshold and an IoU in 0..1, found ",
                     options.score_threshold, " and ", options.nms_iou));
  }
  if (options.max_candidates < 1 || options.max_detections < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected at least 1 candidate and 1 detection, found limits of ",
        options.max_candidates, " and ", options.max_detections));
  }
  return absl::OkStatus();
}

absl::Status CheckFinite(const char* what, std::span<const float> values,
                         int columns) {
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [](float v) { return std::isfinite(v); });
  if (bad == values.end()) return absl::OkStatus();
  const auto index = bad - values.begin();
  return absl::InternalError(
      absl::StrCat(what, "[", index / columns, ",", index % columns,
                   "]: expected a finite number, the network returned ", *bad));
}

// Indices of `scores` at or above the threshold, the best first.
std::vector<size_t> BestCandidates(std::span<const float> scores,
                                   const SelectOptions& options) {
  std::vector<size_t> candidates;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] >= options.score_threshold) candidates.push_back(i);
  }
  const size_t num_kept =
      std::min<size_t>(candidates.size(), options.max_candidates);
  const auto is_better = [scores](size_t a, size_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
  };
  std::partial_sort(candidates.begin(), candidates.begin() + num_kept,
                    candidates.end(), is_better);
  candidates.resize(num_kept);
  return candidates;
}

bool IsSuppressed(const Detection& candidate, std::span<const Detection> better,
                  float nms_iou) {
  return std::any_of(better.begin(), better.end(), [&](const Detection& other) {
    return other.class_index == candidate.class_index &&
           IntersectionOverUnion(other.box, candidate.box) > nms_iou;
  });
}

// One axis of a box, from view to source.
struct Interval {
  float min;
  float max;
};

Interval MapInterval(Interval view, double scale, double offset, int valid,
                     int source) {
  const auto map = [=](float place) {
    const double shown = std::clamp<double>(place, 0.0, valid);
    // The view's edge may stick out of the source by a rounding error.
    return static_cast<float>(
        std::clamp<double>(shown * scale + offset, 0.0, source));
  };
  return {map(view.min), map(view.max)};
}

}  // namespace

float Area(const Box& box) { return static_cast<float>(AreaOf(box)); }

float IntersectionOverUnion(const Box& a, const Box& b) {
  const double common =
      AreaOf({std::max(a.x_min, b.x_min), std::max(a.y_min, b.y_min),
              std::min(a.x_max, b.x_max), std::min(a.y_max, b.y_max)});
  if (common == 0.0) return 0.0f;
  return static_cast<float>(common / (AreaOf(a) + AreaOf(b) - common));
}

absl::StatusOr<std::vector<Detection>> SelectDetections(
    std::span<const float> scores, std::span<const float> boxes,
    int num_classes, const SelectOptions& options) {
  SLUICE_RETURN_IF_ERROR(CheckSizes(scores.size(), boxes.size(), num_classes));
  SLUICE_RETURN_IF_ERROR(CheckOptions(options));
  SLUICE_RETURN_IF_ERROR(CheckFinite("scores", scores, num_classes));
  SLUICE_RETURN_IF_ERROR(CheckFinite("boxes", boxes, 4));
  const size_t max_detections = options.max_detections;
  std::vector<Detection> detections;
  for (const size_t index : BestCandidates(scores, options)) {
    if (detections.size() == max_detections) break;
    const float* box = &boxes[index / num_classes * 4];
    const Detection candidate{static_cast<int>(index % num_classes),
                              scores[index],
                              {box[0], box[1], box[2], box[3]}};
    if (!IsSuppressed(candidate, detections, options.nms_iou)) {
      detections.push_back(candidate);
    }
  }
  return detections;
}

std::vector<Detection> ToSource(std::span<const Detection> detections,
                                const vision::Geometry& geometry) {
  std::vector<Detection> in_source;
  for (const Detection& detection : detections) {
    const Box& box = detection.box;
    const Interval x =
        MapInterval({box.x_min, box.x_max}, geometry.scale_x, geometry.offset_x,
                    geometry.valid.width, geometry.source.width);
    const Interval y =
        MapInterval({box.y_min, box.y_max}, geometry.scale_y, geometry.offset_y,
                    geometry.valid.height, geometry.source.height);
    if (x.min < x.max && y.min < y.max) {
      in_source.push_back({detection.class_index,
                           detection.score,
                           {x.min, y.min, x.max, y.max}});
    }
  }
  return in_source;
}

}  // namespace sluice::task
