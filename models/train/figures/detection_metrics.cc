#include "models/train/figures/detection_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

constexpr int kNumRecallThresholds = 101;

double IouThreshold(int t) { return (50 + 5 * t) / 100.0; }

// As COCO computes them, so that a recall that falls on one counts as there:
// 7.0 / 20 does not reach 35 * 0.01.
double RecallThreshold(int i) { return i * 0.01; }

bool HasBit(uint16_t bits, int t) { return ((bits >> t) & 1) != 0; }

// `what` is the `index`-th of its kind.
absl::Status CheckPlaced(const char* what, size_t index, int class_index,
                         const task::Box& box, int num_classes) {
  if (class_index < 0 || class_index >= num_classes) {
    return absl::InvalidArgumentError(
        absl::StrCat("class ", class_index, " of ", what, " ", index,
                     " is not in 0..", num_classes - 1));
  }
  for (const float side : {box.x_min, box.y_min, box.x_max, box.y_max}) {
    if (std::isfinite(side)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "coordinate ", side, " of ", what, " ", index, " is not finite"));
  }
  return absl::OkStatus();
}

absl::Status CheckInput(std::span<const task::Detection> detections,
                        std::span<const GroundTruth> truths, int num_classes) {
  if (num_classes < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at least 1 class, found ", num_classes));
  }
  for (size_t i = 0; i < detections.size(); ++i) {
    const task::Detection& detection = detections[i];
    SLUICE_RETURN_IF_ERROR(CheckPlaced("detection", i, detection.class_index,
                                       detection.box, num_classes));
    if (!std::isfinite(detection.score)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "score ", detection.score, " of detection ", i, " is not finite"));
    }
  }
  for (size_t i = 0; i < truths.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(CheckPlaced("ground truth", i, truths[i].class_index,
                                       truths[i].box, num_classes));
  }
  return absl::OkStatus();
}

double AreaOf(const task::Box& box) {
  return (static_cast<double>(box.x_max) - box.x_min) *
         (static_cast<double>(box.y_max) - box.y_min);
}

// IoU or, where the truth is ignored, the share of the detection in it. In
// double, so that an IoU of 13 / 20 reaches 0.65, as it does in COCO's code.
double Overlap(const task::Box& detection, const GroundTruth& truth) {
  const double width =
      static_cast<double>(std::min(detection.x_max, truth.box.x_max)) -
      std::max(detection.x_min, truth.box.x_min);
  const double height =
      static_cast<double>(std::min(detection.y_max, truth.box.y_max)) -
      std::max(detection.y_min, truth.box.y_min);
  if (width <= 0.0 || height <= 0.0) return 0.0;
  const double intersection = width * height;
  const double area = AreaOf(detection);
  return intersection /
         (truth.ignore ? area : area + AreaOf(truth.box) - intersection);
}

// The truths of a picture, ignored ones last, and which detections took.
class TruthsToMatch {
 public:
  explicit TruthsToMatch(std::vector<GroundTruth> truths)
      : truths_(std::move(truths)),
        overlaps_(truths_.size()),
        taken_(truths_.size()) {
    std::stable_partition(truths_.begin(), truths_.end(),
                          [](const GroundTruth& g) { return !g.ignore; });
  }

  DetectionMatch Match(const task::Detection& detection) {
    for (size_t g = 0; g < truths_.size(); ++g) {
      overlaps_[g] = Overlap(detection.box, truths_[g]);
    }
    DetectionMatch match = {.class_index = detection.class_index,
                            .score = detection.score};
    for (int t = 0; t < kNumIouThresholds; ++t) {
      const std::optional<size_t> best = BestTruth(t);
      if (!best.has_value()) continue;
      const uint16_t bit = static_cast<uint16_t>(1u << t);
      if (truths_[*best].ignore) {
        match.ignored |= bit;
      } else {
        match.found |= bit;
        taken_[*best] |= bit;
      }
    }
    return match;
  }

 private:
  std::optional<size_t> BestTruth(int t) const {
    std::optional<size_t> best;
    double best_overlap = IouThreshold(t);
    for (size_t g = 0; g < truths_.size(); ++g) {
      if (truths_[g].ignore && best.has_value() && !truths_[*best].ignore) {
        break;  // An object comes before all that is ignored.
      }
      if (HasBit(taken_[g], t) || overlaps_[g] < best_overlap) continue;
      best = g;
      best_overlap = overlaps_[g];
    }
    return best;
  }

  std::vector<GroundTruth> truths_;
  std::vector<double> overlaps_;  // With the detection at hand.
  std::vector<uint16_t> taken_;   // Bit t: at IoU threshold t.
};

std::vector<DetectionMatch> MatchDetections(
    std::vector<task::Detection> detections, std::vector<GroundTruth> truths) {
  std::stable_sort(detections.begin(), detections.end(),
                   [](const task::Detection& a, const task::Detection& b) {
                     return a.score > b.score;
                   });
  if (detections.size() > kMaxDetections) detections.resize(kMaxDetections);
  TruthsToMatch to_match(std::move(truths));
  std::vector<DetectionMatch> matches;
  matches.reserve(detections.size());
  for (const task::Detection& detection : detections) {
    matches.push_back(to_match.Match(detection));
  }
  return matches;
}

template <typename T>
std::vector<T> SortedByClass(std::span<const T> values) {
  std::vector<T> sorted(values.begin(), values.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const T& a, const T& b) {
    return a.class_index < b.class_index;
  });
  return sorted;
}

template <typename T>
std::vector<T> OfClass(const std::vector<T>& values, int class_index) {
  std::vector<T> result;
  std::copy_if(
      values.begin(), values.end(), std::back_inserter(result),
      [&](const T& value) { return value.class_index == class_index; });
  return result;
}

// Interpolated precision over recall at one IoU threshold, from detections
// added best first. Wrong ones need not be added: they are what `num_ranked`
// has beyond the others, and raise neither recall nor precision. Of copies of
// one, the last reaches the most of both.
class PrecisionCurve {
 public:
  explicit PrecisionCurve(uint64_t num_objects) : num_objects_(num_objects) {}

  void AddIgnored(uint64_t copies) { num_ignored_ += copies; }

  // `num_ranked` detections, these included, are the best so far.
  void AddFound(uint64_t copies, uint64_t num_ranked) {
    num_found_ += copies;
    const double found = static_cast<double>(num_found_);
    const double recall = found / static_cast<double>(num_objects_);
    while (next_ < kNumRecallThresholds && RecallThreshold(next_) <= recall) {
      ++next_;
    }
    const double precision =
        found / static_cast<double>(num_ranked - num_ignored_);
    best_[next_ - 1] = std::max(best_[next_ - 1], precision);
  }

  double Average() const {
    double highest = 0.0;
    double sum = 0.0;
    for (int i = next_ - 1; i >= 0; --i) {
      highest = std::max(highest, best_[i]);
      sum += highest;
    }
    return sum / kNumRecallThresholds;
  }

 private:
  uint64_t num_objects_;
  uint64_t num_found_ = 0;
  uint64_t num_ignored_ = 0;
  int next_ = 0;  // The first recall threshold that is not reached.
  // The highest precision where a threshold was the last one reached.
  std::array<double, kNumRecallThresholds> best_ = {};
};

AveragePrecision MeanOf(const std::vector<AveragePrecision>& classes) {
  AveragePrecision mean;
  double ap = 0.0;
  double ap50 = 0.0;
  int num_with_objects = 0;
  for (const AveragePrecision& one : classes) {
    if (one.num_objects == 0) continue;
    mean.num_objects += one.num_objects;
    ap += *one.ap;
    ap50 += *one.ap50;
    ++num_with_objects;
  }
  if (num_with_objects == 0) return mean;
  mean.ap = ap / num_with_objects;
  mean.ap50 = ap50 / num_with_objects;
  return mean;
}

}  // namespace

absl::StatusOr<PictureMatches> MatchPicture(
    std::span<const task::Detection> detections,
    std::span<const GroundTruth> truths, int num_classes) {
  SLUICE_RETURN_IF_ERROR(CheckInput(detections, truths, num_classes));
  PictureMatches result;
  for (const GroundTruth& truth : truths) {
    if (!truth.ignore) result.objects.push_back(truth.class_index);
  }
  // Merged, equal scores go by class.
  const std::vector<task::Detection> sorted = SortedByClass(detections);
  const std::vector<GroundTruth> sorted_truths = SortedByClass(truths);
  for (size_t i = 0; i < sorted.size(); ++i) {
    const int class_index = sorted[i].class_index;
    if (i > 0 && sorted[i - 1].class_index == class_index) continue;
    const std::vector<DetectionMatch> matches = MatchDetections(
        OfClass(sorted, class_index), OfClass(sorted_truths, class_index));
    result.by_class.insert(result.by_class.end(), matches.begin(),
                           matches.end());
  }
  result.merged = MatchDetections(sorted, sorted_truths);
  return result;
}

DetectionRanking::DetectionRanking(std::span<const PictureMatches> pictures,
                                   int num_classes)
    : classes_(num_classes) {
  const auto add = [](uint32_t picture, const DetectionMatch& match,
                      Group* group) {
    group->detections.push_back({.picture = picture,
                                 .score = match.score,
                                 .found = match.found,
                                 .ignored = match.ignored});
  };
  for (uint32_t i = 0; i < pictures.size(); ++i) {
    for (const int class_index : pictures[i].objects) {
      classes_[class_index].objects.push_back(i);
      merged_.objects.push_back(i);
    }
    for (const DetectionMatch& match : pictures[i].by_class) {
      add(i, match, &classes_[match.class_index]);
    }
    for (const DetectionMatch& match : pictures[i].merged) {
      add(i, match, &merged_);
    }
  }
  const auto rank = [](Group* group) {
    std::stable_sort(group->detections.begin(), group->detections.end(),
                     [](const RankedDetection& a, const RankedDetection& b) {
                       return a.score > b.score;
                     });
  };
  for (Group& group : classes_) rank(&group);
  rank(&merged_);
}

DetectionFigures DetectionRanking::MakeFigures(
    std::span<const uint32_t> counts) const {
  DetectionFigures figures;
  figures.classes.reserve(classes_.size());
  for (const Group& group : classes_) {
    figures.classes.push_back(Average(group, counts));
  }
  figures.mean = MeanOf(figures.classes);
  figures.merged = Average(merged_, counts);
  return figures;
}

AveragePrecision DetectionRanking::Average(const Group& group,
                                           std::span<const uint32_t> counts) {
  AveragePrecision result;
  for (const uint32_t picture : group.objects) {
    result.num_objects += counts[picture];
  }
  if (result.num_objects == 0) return result;

  std::vector<PrecisionCurve> curves(kNumIouThresholds,
                                     PrecisionCurve(result.num_objects));
  uint64_t num_ranked = 0;
  for (const RankedDetection& detection : group.detections) {
    const uint32_t copies = counts[detection.picture];
    num_ranked += copies;
    if (copies == 0 || (detection.found | detection.ignored) == 0) continue;
    for (int t = 0; t < kNumIouThresholds; ++t) {
      if (HasBit(detection.ignored, t)) {
        curves[t].AddIgnored(copies);
      } else if (HasBit(detection.found, t)) {
        curves[t].AddFound(copies, num_ranked);
      }
    }
  }
  result.ap50 = curves[0].Average();
  double sum = *result.ap50;
  for (int t = 1; t < kNumIouThresholds; ++t) sum += curves[t].Average();
  result.ap = sum / kNumIouThresholds;
  return result;
}

}  // namespace sluice::train
