#include "models/train/training/train_detection.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "common/model/fcos_detector.h"
#include "common/model/tensor_bridge.h"
#include "common/task/detection.h"
#include "models/train/figures/detection_metrics.h"
#include "models/train/sets/detection_set.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/detection_batches.h"
#include "models/train/training/fcos_loss.h"
#include "models/train/training/labelled_tail.h"
#include "models/train/training/training_loop.h"

namespace sluice::train {
namespace {

using DetectionData = LabelledPictures<DetectionSet>;

absl::StatusOr<DetectionData> OpenDetectionData(const Recipe& recipe,
                                                const TrainOptions& options) {
  const LabelledSource& source = recipe.labelled;
  const std::filesystem::path path = options.data / source.set;
  SLUICE_ASSIGN_OR_RETURN(DetectionSet training,
                          DetectionSet::Open(path, source.split, {}));
  return MakeLabelledPictures<DetectionSet>(
      source, std::move(training), [&](const DetectionSet& opened) {
        return DetectionSet::Open(path, source.holdout_split, opened.labels());
      });
}

class DetectionObjective : public Objective {
 public:
  DetectionObjective(const Recipe& recipe, const DetectionData& data,
                     const TailCodecs& codecs,
                     const model::FcosDetectorShape& shape,
                     model::FcosDetector detector, at::Device device)
      : recipe_(recipe),
        data_(data),
        codecs_(codecs),
        shape_(shape),
        detector_(std::move(detector)),
        device_(device) {}

  bool Trains(const Phase& phase, const std::string& name) const override {
    return TrainsTailWeight(phase, name);
  }
  absl::StatusOr<at::Tensor> Loss(const Phase& phase, int64_t index,
                                  double progress) override;
  std::string Summary() override;
  absl::StatusOr<std::string> Holdout(const model::Weights& averaged,
                                      int num_pictures) override;
  nlohmann::json State() const override { return nlohmann::json::object(); }
  absl::Status SetState(const nlohmann::json& /*state*/) override {
    return absl::OkStatus();
  }

 private:
  const Recipe& recipe_;
  const DetectionData& data_;
  const TailCodecs& codecs_;
  const model::FcosDetectorShape shape_;
  const model::FcosDetector detector_;
  const at::Device device_;
  // Since the last summary.
  double classes_ = 0, boxes_ = 0, ious_ = 0;
  int num_steps_ = 0;
};

// loss = focal + GIoU + half of the IoU branch's cross-entropy.
absl::StatusOr<at::Tensor> DetectionObjective::Loss(const Phase& phase,
                                                    int64_t index,
                                                    double /*progress*/) {
  SLUICE_ASSIGN_OR_RETURN(
      const DetectionBatch batch,
      MakeDetectionBatch(data_.training, data_.members.training,
                         recipe_.labelled.augmentation, recipe_.seed, index,
                         phase.batch));
  const AutocastScope autocast(device_);
  const MixedFeatures mixed =
      MixFeatures(codecs_.networks, batch.pictures.to(device_),
                  phase.pixel_share, recipe_.seed, index);
  const model::FcosOutput output = detector_(mixed.features);
  const FcosLoss loss = ComputeFcosLoss(
      output, detector_.Grid(mixed.features.size(2), mixed.features.size(3)),
      batch.boxes);
  classes_ += loss.classes.item<double>();
  boxes_ += loss.boxes.item<double>();
  ious_ += loss.ious.item<double>();
  ++num_steps_;
  return loss.classes + loss.boxes + 0.5 * loss.ious;
}

std::string DetectionObjective::Summary() {
  const double n = std::max(num_steps_, 1);
  const std::string line = absl::StrFormat("classes %.4f boxes %.4f ious %.4f",
                                           classes_ / n, boxes_ / n, ious_ / n);
  classes_ = boxes_ = ious_ = 0;
  num_steps_ = 0;
  return line;
}

// What is found in one picture, in its own pixels.
absl::StatusOr<std::vector<task::Detection>> Detect(
    const model::FcosDetector& detector, const at::Tensor& features,
    int num_classes, const vision::Geometry& geometry) {
  const model::ScoredBoxes found = model::ScoreBoxes(
      detector(features), detector.Grid(features.size(2), features.size(3)));
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<task::Detection> detections,
      task::SelectDetections(model::FromTorch(found.scores).values,
                             model::FromTorch(found.boxes).values, num_classes,
                             task::SelectOptions()));
  return task::ToSource(detections, geometry);
}

absl::StatusOr<std::string> DetectionObjective::Holdout(
    const model::Weights& averaged, int num_pictures) {
  const int num_classes = static_cast<int>(data_.training.labels().size());
  SLUICE_ASSIGN_OR_RETURN(
      const model::FcosDetector detector,
      model::FcosDetector::Create(shape_, num_classes, averaged));
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(device_);
  const size_t total =
      std::min(data_.members.holdout.size(), static_cast<size_t>(num_pictures));
  std::vector<PictureMatches> matches[kNumHoldoutEntrances];
  for (size_t k = 0; k < total; ++k) {
    // Spread over the set, whose neighbours are much alike.
    const size_t i =
        data_.members.holdout[k * data_.members.holdout.size() / total];
    SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                            data_.holdout().ReadPicture(i));
    SLUICE_ASSIGN_OR_RETURN(
        const HoldoutInput view,
        MakeHoldoutInput(picture, recipe_.labelled.augmentation.size));
    std::vector<GroundTruth> truths;
    for (const LabelledBox& box : data_.holdout().boxes(i)) {
      truths.push_back({box.class_index, box.box, box.ignore});
    }
    const at::Tensor input = model::ToTorch(view.input).to(device_);
    for (int e = 0; e < kNumHoldoutEntrances; ++e) {
      SLUICE_ASSIGN_OR_RETURN(
          const std::vector<task::Detection> detections,
          Detect(detector, HoldoutFeatures(codecs_, input, e), num_classes,
                 view.geometry));
      SLUICE_ASSIGN_OR_RETURN(PictureMatches match,
                              MatchPicture(detections, truths, num_classes));
      matches[e].push_back(std::move(match));
    }
  }
  std::string line;
  const std::vector<uint32_t> once(total, 1);
  for (int e = 0; e < kNumHoldoutEntrances; ++e) {
    const DetectionFigures figures =
        DetectionRanking(matches[e], num_classes).MakeFigures(once);
    absl::StrAppendFormat(
        &line, "%s mAP@0.5 %.1f%% mAP %.1f%% any class AP@0.5 %.1f%%; ",
        HoldoutEntranceName(codecs_, e), 100 * figures.mean.ap50.value_or(0),
        100 * figures.mean.ap.value_or(0),
        100 * figures.merged.ap50.value_or(0));
  }
  return line;
}

}  // namespace

absl::Status TrainDetection(const Recipe& recipe, const TrainOptions& options,
                            at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(const DetectionData data,
                          OpenDetectionData(recipe, options));
  SLUICE_ASSIGN_OR_RETURN(const TailCodecs codecs,
                          OpenTailCodecs(recipe, device));
  SLUICE_ASSIGN_OR_RETURN(const model::FcosDetectorShape shape,
                          model::FcosDetectorShapeOf(recipe.network));
  const int num_classes = static_cast<int>(data.training.labels().size());
  SLUICE_ASSIGN_OR_RETURN(
      model::Weights weights,
      StartTail(recipe, options, device,
                [&](const at::Generator& generator, model::Weights* fresh) {
                  model::InitFcosDetector(shape, num_classes, generator, fresh);
                }));
  SLUICE_ASSIGN_OR_RETURN(
      model::FcosDetector detector,
      model::FcosDetector::Create(shape, num_classes, weights));
  DetectionObjective objective(recipe, data, codecs, shape, std::move(detector),
                               device);
  SLUICE_ASSIGN_OR_RETURN(const model::Weights averaged,
                          RunPhases(recipe, options, &weights, &objective));
  return ExportTail(recipe, options, "detection", codecs,
                    data.training.labels(), data.members.training.size(),
                    averaged);
}

}  // namespace sluice::train
