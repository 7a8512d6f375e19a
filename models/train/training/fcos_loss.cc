#include "models/train/training/fcos_loss.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstdint>

#include "common/model/no_autocast.h"
#include "models/train/training/fcos_assignment.h"

namespace sluice::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr double kFocalAlpha = 0.25;
// A box that misses its object is still drawn towards it.
constexpr double kLeastBoxWeight = 0.1;

std::vector<FcosPosition> Positions(const model::FcosGrid& grid) {
  const at::Tensor rows = at::cat({grid.centres, grid.strides.unsqueeze(1)}, 1)
                              .to(at::kCPU, at::kFloat)
                              .contiguous();
  const float* row = rows.data_ptr<float>();
  std::vector<FcosPosition> positions(rows.size(0));
  for (FcosPosition& position : positions) {
    position = {.x = row[0], .y = row[1], .stride = row[2]};
    row += 3;
  }
  return positions;
}

// Of the batch's N * P positions.
struct Targets {
  std::vector<int64_t> positives;  // K of them.
  std::vector<int64_t> classes;    // [K]
  std::vector<float> centres;      // [K,2]
  std::vector<float> boxes;        // [K,4]
  std::vector<int64_t> neither;
};

Targets MakeTargets(const std::vector<FcosPosition>& positions,
                    std::span<const std::vector<GroundTruth>> truths) {
  Targets targets;
  int64_t index = 0;
  for (const std::vector<GroundTruth>& picture : truths) {
    const std::vector<int> answers = AssignPositions(positions, picture);
    for (size_t i = 0; i < answers.size(); ++i, ++index) {
      if (answers[i] == kNeitherWay) targets.neither.push_back(index);
      if (answers[i] < 0) continue;
      const auto& [class_index, box, ignore] = picture[answers[i]];
      targets.positives.push_back(index);
      targets.classes.push_back(class_index);
      targets.centres.insert(targets.centres.end(),
                             {positions[i].x, positions[i].y});
      targets.boxes.insert(targets.boxes.end(),
                           {box.x_min, box.y_min, box.x_max, box.y_max});
    }
  }
  return targets;
}

// (1 - p_t)^2 * -log(p_t) and its derivative. With x the logit where the class
// is absent, and its negative where it is present, 1 - p_t = sigmoid(x) and
// -log(p_t) = softplus(x).
struct Focal {
  at::Tensor loss;
  at::Tensor slope;
};

Focal FocalAt(const at::Tensor& x) {
  const at::Tensor miss = at::sigmoid(x);
  const at::Tensor surprise = at::softplus(x);
  const at::Tensor square = miss.square();
  const at::Tensor slope =
      (1 - miss).mul_(surprise).mul_(2).add_(miss).mul_(square);
  return {.loss = square * surprise, .slope = slope};
}

// The sum of alpha_t * Focal over logits [N*P,C]. In closed form, as autograd
// takes three times as long over the many absent classes.
struct FocalLossFunction : torch::autograd::Function<FocalLossFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& logits,
                            const at::Tensor& positives,
                            const at::Tensor& classes,
                            const at::Tensor& neither) {
    Focal absent = FocalAt(logits);
    const Focal present = FocalAt(-logits.index({positives, classes}));
    absent.loss.index_put_({positives, classes}, 0.0);
    absent.loss.index_fill_(0, neither, 0.0);
    absent.slope.mul_(1 - kFocalAlpha);
    absent.slope.index_put_({positives, classes}, -kFocalAlpha * present.slope);
    absent.slope.index_fill_(0, neither, 0.0);
    context->save_for_backward({absent.slope});
    return (1 - kFocalAlpha) * absent.loss.sum() +
           kFocalAlpha * present.loss.sum();
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    return {gradients[0] * context->get_saved_variables()[0], at::Tensor(),
            at::Tensor(), at::Tensor()};
  }
};

// [K] each, from corners [K,4] of boxes that are not empty.
struct Overlap {
  at::Tensor iou;
  at::Tensor giou;
};

at::Tensor Area(const at::Tensor& low, const at::Tensor& high) {
  const at::Tensor sides = (high - low).clamp_min(0.0);
  return sides.select(1, 0) * sides.select(1, 1);
}

Overlap Compare(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor a_low = a.slice(1, 0, 2), a_high = a.slice(1, 2, 4);
  const at::Tensor b_low = b.slice(1, 0, 2), b_high = b.slice(1, 2, 4);
  const at::Tensor common =
      Area(at::maximum(a_low, b_low), at::minimum(a_high, b_high));
  const at::Tensor hull =
      Area(at::minimum(a_low, b_low), at::maximum(a_high, b_high));
  const at::Tensor united = Area(a_low, a_high) + Area(b_low, b_high) - common;
  const at::Tensor iou = common / united;
  return {.iou = iou, .giou = iou - (hull - united) / hull};
}

}  // namespace

FcosLoss ComputeFcosLoss(const model::FcosOutput& output,
                         const model::FcosGrid& grid,
                         std::span<const std::vector<GroundTruth>> truths) {
  const model::NoAutocast no_autocast;
  const Targets targets = MakeTargets(Positions(grid), truths);
  const int64_t num_positives = static_cast<int64_t>(targets.positives.size());
  const at::Device device = output.class_logits.device();
  const auto to_device = [&](const auto& values, at::IntArrayRef shape) {
    return at::tensor(values).reshape(shape).to(device);
  };
  const at::Tensor positives = to_device(targets.positives, {-1});
  const at::Tensor centres = to_device(targets.centres, {num_positives, 2});
  const at::Tensor boxes = to_device(targets.boxes, {num_positives, 4});

  // In double, where no area of float32 sides overflows or vanishes.
  const at::Tensor distances =
      output.distances.flatten(0, 1).index_select(0, positives);
  const Overlap overlap = Compare(
      model::BoxesAround(centres.to(at::kDouble), distances.to(at::kDouble)),
      boxes.to(at::kDouble));
  const at::Tensor iou = overlap.iou.detach();
  const at::Tensor iou_logits =
      output.iou_logits.flatten().index_select(0, positives).to(at::kFloat);

  const double counted =
      static_cast<double>(std::max<int64_t>(num_positives, 1));
  const at::Tensor class_loss = FocalLossFunction::apply(
      output.class_logits.flatten(0, 1).to(at::kFloat), positives,
      to_device(targets.classes, {-1}), to_device(targets.neither, {-1}));
  const at::Tensor box_loss =
      (iou.clamp_min(kLeastBoxWeight) * (1 - overlap.giou)).sum();
  const at::Tensor iou_loss =
      (at::softplus(iou_logits) - iou.to(at::kFloat) * iou_logits).sum();
  return {.classes = class_loss / counted,
          .boxes = box_loss.to(at::kFloat) / counted,
          .ious = iou_loss / counted};
}

}  // namespace sluice::train
