#include "models/train/figures/point_quality.h"

#include <memory>
#include <numeric>

namespace sluice::train {
namespace {

double ShareInTop(const std::vector<Outcome>& outcomes, uint32_t k,
                  std::span<const uint32_t> counts) {
  uint64_t right = 0;
  uint64_t all = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    right += outcomes[i].rank < k ? counts[i] : 0;
  }
  if (all == 0) return 0.0;
  return static_cast<double>(right) / static_cast<double>(all);
}

FullFigures FullDetectionFigures(const std::vector<PictureMatches>& matches,
                                 std::span<const uint32_t> counts,
                                 size_t num_classes) {
  const DetectionFigures figures =
      DetectionRanking(matches, static_cast<int>(num_classes))
          .MakeFigures(counts);
  FullFigures full;
  full.others = {figures.mean.ap.value_or(0.0),
                 figures.merged.ap50.value_or(0.0)};
  for (const AveragePrecision& one : figures.classes) {
    full.classes.push_back(
        {.count = one.num_objects, .qualities = {one.ap50, one.ap}});
  }
  return full;
}

FullFigures FullSegmentationFigures(
    const std::vector<ConfusionCounts>& confusions,
    std::span<const uint32_t> counts) {
  const SegmentationFigures figures =
      MakeSegmentationFigures(SumConfusion(confusions, counts));
  FullFigures full;
  full.others = {figures.pixel_accuracy.value_or(0.0)};
  for (const ClassIou& one : figures.classes) {
    full.classes.push_back({.count = one.num_pixels, .qualities = {one.iou}});
  }
  return full;
}

}  // namespace

QualityFunction MakeQuality(Task task, const OperatingPoint& point,
                            size_t num_classes) {
  using Counts = std::span<const uint32_t>;
  if (task == Task::kDetection) {
    // Ranked once, for all samples.
    const auto ranking = std::make_shared<const DetectionRanking>(
        point.matches, static_cast<int>(num_classes));
    return [ranking](Counts counts) {
      return ranking->MakeFigures(counts).mean.ap50.value_or(0.0);
    };
  }
  if (task == Task::kSegmentation) {
    return [&point](Counts counts) {
      return MakeSegmentationFigures(SumConfusion(point.confusions, counts))
          .mean_iou.value_or(0.0);
    };
  }
  return
      [&point](Counts counts) { return ShareInTop(point.outcomes, 1, counts); };
}

FullFigures MakeFullFigures(Task task, const OperatingPoint& point,
                            size_t num_classes) {
  const std::vector<uint32_t> once(point.outcomes.size(), 1);
  switch (task) {
    case Task::kDetection:
      return FullDetectionFigures(point.matches, once, num_classes);
    case Task::kSegmentation:
      return FullSegmentationFigures(point.confusions, once);
    case Task::kClassification:
      break;
  }
  return {.others = {ShareInTop(point.outcomes, 5, once)}, .classes = {}};
}

}  // namespace sluice::train
