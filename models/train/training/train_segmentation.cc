#include "models/train/training/train_segmentation.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "common/model/deeplab_segmenter.h"
#include "common/model/no_autocast.h"
#include "common/model/tensor_bridge.h"
#include "common/task/segmentation.h"
#include "models/train/figures/segmentation_metrics.h"
#include "models/train/sets/segmentation_set.h"
#include "models/train/training/compute_device.h"
#include "models/train/training/labelled_tail.h"
#include "models/train/training/segmentation_batches.h"
#include "models/train/training/training_loop.h"

namespace sluice::train {
namespace {

struct SegmentationData : LabelledPictures<SegmentationSet> {
  std::vector<std::string> labels;
  at::Tensor class_pixels;  // Of training masks, float64 [num_classes].

  int num_classes() const { return static_cast<int>(labels.size()); }
};

absl::StatusOr<SegmentationData> OpenSegmentationData(
    const Recipe& recipe, const TrainOptions& options) {
  const LabelledSource& source = recipe.labelled;
  const std::filesystem::path path = options.data / source.set;
  SLUICE_ASSIGN_OR_RETURN(std::vector<std::string> labels,
                          ReadLabelLines(recipe.labels));
  MaskClasses classes{.num_classes = static_cast<int>(labels.size())};
  if (source.ignore_index >= 0) classes.ignore_index = source.ignore_index;
  SLUICE_ASSIGN_OR_RETURN(SegmentationSet training,
                          SegmentationSet::Open(path, source.split, classes));
  SLUICE_ASSIGN_OR_RETURN(
      LabelledPictures<SegmentationSet> pictures,
      MakeLabelledPictures<SegmentationSet>(
          source, std::move(training), [&](const SegmentationSet&) {
            return SegmentationSet::Open(path, source.holdout_split, classes);
          }));
  SegmentationData data{std::move(pictures), std::move(labels),
                        at::zeros({classes.num_classes}, at::kDouble)};
  for (const size_t i : data.members.training) {
    SLUICE_ASSIGN_OR_RETURN(const task::Mask mask, data.training.ReadMask(i));
    for (const uint8_t c : mask.classes) {
      if (c != task::kNoClass) ++data.class_pixels.data_ptr<double>()[c];
    }
  }
  return data;
}

class SegmentationObjective : public Objective {
 public:
  SegmentationObjective(const Recipe& recipe, const SegmentationData& data,
                        const TailCodecs& codecs,
                        const model::DeepLabSegmenterShape& shape,
                        model::DeepLabSegmenter segmenter, at::Device device)
      : recipe_(recipe),
        data_(data),
        codecs_(codecs),
        shape_(shape),
        segmenter_(std::move(segmenter)),
        device_(device) {}

  bool Trains(const Phase& phase, const std::string& name) const override {
    return TrainsTailWeight(phase, name);
  }
  absl::StatusOr<at::Tensor> Loss(const Phase& phase, int64_t index,
                                  double progress) override;
  std::string Summary() override {
    const std::string line = absl::StrFormat(
        "cross-entropy %.4f", cross_entropy_ / std::max(num_steps_, 1));
    cross_entropy_ = 0;
    num_steps_ = 0;
    return line;
  }
  absl::StatusOr<std::string> Holdout(const model::Weights& averaged,
                                      int num_pictures) override;
  nlohmann::json State() const override { return nlohmann::json::object(); }
  absl::Status SetState(const nlohmann::json& /*state*/) override {
    return absl::OkStatus();
  }

 private:
  const Recipe& recipe_;
  const SegmentationData& data_;
  const TailCodecs& codecs_;
  const model::DeepLabSegmenterShape shape_;
  const model::DeepLabSegmenter segmenter_;
  const at::Device device_;
  double cross_entropy_ = 0;  // Since the last summary.
  int num_steps_ = 0;
};

// (median / share) ^ balance per class: median frequency balancing (Eigen &
// Fergus, ICCV 2015), tempered. A class that never occurs counts as one pixel.
at::Tensor ClassWeights(const at::Tensor& class_pixels, double balance) {
  const at::Tensor pixels = at::clamp_min(class_pixels, 1);
  return at::pow(pixels.median() / pixels, balance).to(at::kFloat);
}

// loss = mean cross-entropy of the labelled pixels, in nats, weighted by class.
absl::StatusOr<at::Tensor> SegmentationObjective::Loss(const Phase& phase,
                                                       int64_t index,
                                                       double /*progress*/) {
  SLUICE_ASSIGN_OR_RETURN(
      const SegmentationBatch batch,
      MakeSegmentationBatch(data_.training, data_.members.training,
                            recipe_.labelled.augmentation, recipe_.seed, index,
                            phase.batch));
  const AutocastScope autocast(device_);
  const MixedFeatures mixed =
      MixFeatures(codecs_.networks, batch.pictures.to(device_),
                  phase.pixel_share, recipe_.seed, index);
  const at::Tensor logits = segmenter_(mixed.features);
  const model::NoAutocast no_autocast;
  const at::Tensor enlarged = at::upsample_bilinear2d(
      logits.to(at::kFloat), batch.classes.sizes().slice(1),
      /*align_corners=*/false);
  const at::Tensor classes = batch.classes.to(device_);
  const at::Tensor weights =
      ClassWeights(data_.class_pixels, phase.class_balance).to(device_);
  // As the mean by LibTorch, but for a batch without a labelled pixel.
  const at::Tensor labelled = classes != task::kNoClass;
  const at::Tensor sum_of_weights = at::clamp_min(
      at::index_select(weights, 0, classes.masked_select(labelled)).sum(),
      1e-6);
  const at::Tensor loss =
      at::nll_loss2d(at::log_softmax(enlarged, 1), classes, weights,
                     at::Reduction::Sum, /*ignore_index=*/task::kNoClass) /
      sum_of_weights;
  cross_entropy_ += loss.item<double>();
  ++num_steps_;
  return loss;
}

absl::StatusOr<std::string> SegmentationObjective::Holdout(
    const model::Weights& averaged, int num_pictures) {
  SLUICE_ASSIGN_OR_RETURN(
      const model::DeepLabSegmenter segmenter,
      model::DeepLabSegmenter::Create(shape_, data_.num_classes(), averaged));
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(device_);
  const size_t total =
      std::min(data_.members.holdout.size(), static_cast<size_t>(num_pictures));
  std::vector<ConfusionCounts> confusions[kNumHoldoutEntrances];
  for (size_t k = 0; k < total; ++k) {
    const size_t i =
        data_.members.holdout[k * data_.members.holdout.size() / total];
    SLUICE_ASSIGN_OR_RETURN(const vision::Picture picture,
                            data_.holdout().ReadPicture(i));
    SLUICE_ASSIGN_OR_RETURN(const task::Mask truth,
                            data_.holdout().ReadMask(i));
    SLUICE_ASSIGN_OR_RETURN(
        const HoldoutInput view,
        MakeHoldoutInput(picture, recipe_.labelled.augmentation.size));
    const at::Tensor input = model::ToTorch(view.input).to(device_);
    for (int e = 0; e < kNumHoldoutEntrances; ++e) {
      const base::FloatTensor logits =
          model::FromTorch(segmenter(HoldoutFeatures(codecs_, input, e)));
      SLUICE_ASSIGN_OR_RETURN(
          const task::Mask mask,
          task::MaskFromLogits(logits.values, data_.num_classes(),
                               static_cast<int>(logits.shape[2]),
                               static_cast<int>(logits.shape[3]), view.geometry,
                               truth.size));
      SLUICE_ASSIGN_OR_RETURN(ConfusionCounts counts,
                              CountConfusion(truth, mask, data_.num_classes()));
      confusions[e].push_back(std::move(counts));
    }
  }
  std::string line;
  const std::vector<uint32_t> once(total, 1);
  for (int e = 0; e < kNumHoldoutEntrances; ++e) {
    const SegmentationFigures figures =
        MakeSegmentationFigures(SumConfusion(confusions[e], once));
    absl::StrAppendFormat(&line, "%s mIoU %.1f%% pixels %.1f%%; ",
                          HoldoutEntranceName(codecs_, e),
                          100 * figures.mean_iou.value_or(0),
                          100 * figures.pixel_accuracy.value_or(0));
  }
  return line;
}

}  // namespace

absl::Status TrainSegmentation(const Recipe& recipe,
                               const TrainOptions& options, at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(const SegmentationData data,
                          OpenSegmentationData(recipe, options));
  SLUICE_ASSIGN_OR_RETURN(const TailCodecs codecs,
                          OpenTailCodecs(recipe, device));
  SLUICE_ASSIGN_OR_RETURN(const model::DeepLabSegmenterShape shape,
                          model::DeepLabSegmenterShapeOf(recipe.network));
  SLUICE_ASSIGN_OR_RETURN(
      model::Weights weights,
      StartTail(recipe, options, device,
                [&](const at::Generator& generator, model::Weights* fresh) {
                  model::InitDeepLabSegmenter(shape, data.num_classes(),
                                              generator, fresh);
                }));
  SLUICE_ASSIGN_OR_RETURN(
      model::DeepLabSegmenter segmenter,
      model::DeepLabSegmenter::Create(shape, data.num_classes(), weights));
  SegmentationObjective objective(recipe, data, codecs, shape,
                                  std::move(segmenter), device);
  SLUICE_ASSIGN_OR_RETURN(const model::Weights averaged,
                          RunPhases(recipe, options, &weights, &objective));
  return ExportTail(recipe, options, "segmentation", codecs, data.labels,
                    data.members.training.size(), averaged);
}

}  // namespace sluice::train
