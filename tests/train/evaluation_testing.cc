#include "tests/train/evaluation_testing.h"

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "models/train/figures/detection_metrics.h"
#include "models/train/figures/segmentation_metrics.h"

namespace sluice::train {
namespace {

constexpr uint32_t kPictures = 120;
constexpr uint32_t kShare[] = {60, 75, 84, 88};  // Of a hundred, by setting.
constexpr uint32_t kUncompressedShare = 90;

// In 0..99, the same for a picture at every setting.
uint32_t Hardness(uint32_t picture) { return picture * 37 % 100; }

// One object in each picture, found when it is easier than `share`, and a box
// of a low score beside it.
PictureMatches Detect(uint32_t picture, uint32_t share) {
  const int object = static_cast<int>(picture % 2);
  const task::Box box = {10, 10, 50, 50};
  const float shift = static_cast<float>(Hardness(picture)) / 10.0f;
  std::vector<task::Detection> detections = {{2, 0.31f, {100, 100, 120, 120}}};
  if (Hardness(picture) < share) {
    detections.push_back({object, 0.9f, {10 + shift, 10, 50 + shift, 50}});
  }
  const GroundTruth truth = {.class_index = object, .box = box};
  return *MatchPicture(detections, std::vector<GroundTruth>{truth}, 3);
}

// Ten by ten pixels: sky above, road below, a pole of two; an unlabelled
// corner. Rows from `share` tenths down are taken for road.
ConfusionCounts Segment(uint32_t picture, uint32_t share) {
  task::Mask truth = {.size = {10, 10}, .classes = {}};
  task::Mask found = truth;
  const uint32_t wrong = (100 - share + Hardness(picture) / 10) / 10;
  for (uint32_t y = 0; y < 10; ++y) {
    for (uint32_t x = 0; x < 10; ++x) {
      uint8_t of_class = y < 6 ? 0 : 1;
      if (x == 4 && (y == 5 || y == 6)) of_class = 2;
      if (x == 0 && y == 0) of_class = task::kNoClass;
      truth.classes.push_back(of_class);
      found.classes.push_back(y < 6 && y + wrong >= 6 ? 1 : of_class);
    }
  }
  return *CountConfusion(truth, found, 3);
}

OperatingPoint Point(Task task, std::string setting, std::string scored_by,
                     uint32_t bytes, uint32_t share) {
  OperatingPoint point = {std::move(setting), std::move(scored_by), {}};
  for (uint32_t i = 0; i < kPictures; ++i) {
    point.outcomes.push_back({.bytes = bytes == 0 ? 0 : bytes + i % 7});
    if (task == Task::kDetection) point.matches.push_back(Detect(i, share));
    if (task == Task::kSegmentation) {
      point.confusions.push_back(Segment(i, share));
    }
  }
  return point;
}

Method MakeMethod(Task task, std::string name, bool learned,
                  uint32_t byte_factor) {
  Method method;
  method.name = std::move(name);
  method.learned = learned;
  for (uint32_t i = 0; i < std::size(kShare); ++i) {
    method.points.push_back(
        Point(task, absl::StrCat(learned ? "rate " : "quality ", i),
              learned ? "tail" : "pixel entrance", byte_factor * (500u << i),
              kShare[i]));
  }
  if (learned) {
    method.encoder = EncoderSize{702312, 340112, 130.1};
    method.codec_id = "0123abcd";
    method.tail = "some-tail";
    method.usual_setting = "rate 2";
  }
  method.latencies = {{method.points[2].setting, 1, 3.25, 19.5}};
  return method;
}

Evaluation MakeEvaluation(Task task) {
  Evaluation evaluation;
  evaluation.task = task;
  evaluation.subset = "val";
  evaluation.command_line = "sluice-model eval --split val";
  evaluation.version = "1.2.3";
  evaluation.machine = "Some CPU, 4 cores";
  for (uint32_t i = 0; i < kPictures; ++i) {
    evaluation.pictures.push_back(
        {.name = absl::StrCat("val/", i, ".jpg"), .pixels = 320 * 320});
  }
  evaluation.uncompressed = {
      Point(task, "ours", "pixel entrance", 0, kUncompressedShare)};
  evaluation.methods = {MakeMethod(task, "ours", true, 1),
                        MakeMethod(task, "JPEG", false, 3)};
  return evaluation;
}

}  // namespace

Evaluation MakeDetectionEvaluation() {
  Evaluation evaluation = MakeEvaluation(Task::kDetection);
  evaluation.data = "fod.tar";
  evaluation.view = "fit:320x320";
  evaluation.class_names = {"Bolt", "Nut", "Wrench"};
  return evaluation;
}

Evaluation MakeSegmentationEvaluation() {
  Evaluation evaluation = MakeEvaluation(Task::kSegmentation);
  evaluation.data = "camvid.tar";
  evaluation.view = "fit:480x384";
  evaluation.class_names = {"sky", "road", "pole"};
  return evaluation;
}

}  // namespace sluice::train
