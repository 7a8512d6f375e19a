// How well objects are found: average precision, as COCO defines it for boxes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/detection.h"

namespace sluice::train {

// An object to be found.
struct GroundTruth {
  int class_index = 0;
  task::Box box;
  // COCO's crowd: need not be found, and what is found in it counts neither
  // way.
  bool ignore = false;
};

// IoU of 0.50, 0.55, ... 0.95.
inline constexpr int kNumIouThresholds = 10;
// The best of a picture and class; of a picture, where classes are merged.
inline constexpr size_t kMaxDetections = 100;

// What became of a detection; bit t stands for IoU threshold t.
struct DetectionMatch {
  int class_index = 0;
  float score = 0.0f;
  uint16_t found = 0;    // It is an object's.
  uint16_t ignored = 0;  // It counts neither way.
};

// All that figures need of one picture.
struct PictureMatches {
  std::vector<int> objects;              // Classes of those to be found.
  std::vector<DetectionMatch> by_class;  // Matched within each class.
  std::vector<DetectionMatch> merged;    // Matched whatever the class.
};

// Detections choose in order of their scores, equal ones as given, each the
// object that is still free and has the highest IoU of at least the threshold;
// of equals, the later. One that finds no object may lie in an ignored ground
// truth, with the threshold's share of its own area; those are never used up.
// Everything is as in pycocotools (COCOeval, "bbox", area "all"). Boxes may be
// empty, and are never matched then. InvalidArgument when a class is not in
// 0..num_classes-1, or a score or coordinate is NaN or infinite.
absl::StatusOr<PictureMatches> MatchPicture(
    std::span<const task::Detection> detections,
    std::span<const GroundTruth> truths, int num_classes);

// Precision is averaged over recalls of 0.00, 0.01, ... 1.00, at each the
// highest of that recall or a higher one. In 0..1; absent without objects.
struct AveragePrecision {
  uint64_t num_objects = 0;
  std::optional<double> ap;    // Mean over IoU thresholds: AP@[.5:.95].
  std::optional<double> ap50;  // AP@.5.
};

struct DetectionFigures {
  AveragePrecision mean;    // mAP: the mean over classes that have objects.
  AveragePrecision merged;  // Class-agnostic: all classes as one.
  std::vector<AveragePrecision> classes;
};

// The detections of a set of pictures, ranked once, so that the figures of a
// sample of them take one pass.
class DetectionRanking {
 public:
  // Equal scores rank by picture, as in pycocotools. REQUIRES: every picture's
  // matches are from MatchPicture with `num_classes`; fewer than 2^32 pictures.
  DetectionRanking(std::span<const PictureMatches> pictures, int num_classes);

  // `counts` says how often each picture is in the sample (resampler.h); once
  // each gives the figures of the set. REQUIRES: as many as pictures.
  DetectionFigures MakeFigures(std::span<const uint32_t> counts) const;

 private:
  struct RankedDetection {
    uint32_t picture = 0;
    float score = 0.0f;
    uint16_t found = 0;
    uint16_t ignored = 0;
  };

  struct Group {
    std::vector<uint32_t> objects;            // The picture of each.
    std::vector<RankedDetection> detections;  // Best first.
  };

  static AveragePrecision Average(const Group& group,
                                  std::span<const uint32_t> counts);

  std::vector<Group> classes_;
  Group merged_;
};

}  // namespace sluice::train
