#include "models/train/training/teacher_parts.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "common/base/status_macros.h"
#include "models/train/training/compute_device.h"

namespace sluice::train {

absl::StatusOr<TeacherParts> LoadTeacherParts(const std::filesystem::path& path,
                                              at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(const artifact::TensorMap tensors,
                          artifact::ReadSafetensors(path));
  SLUICE_ASSIGN_OR_RETURN(const model::Weights weights,
                          model::WeightsFromTensors(tensors));
  TeacherParts parts;
  parts.weights = model::SplitMobileNet(OnDevice(weights, device));
  SLUICE_ASSIGN_OR_RETURN(
      parts.entrance, model::MobileNetEntrance::Create(parts.weights.entrance));
  const auto classifier = parts.weights.tail.find("classifier.bias");
  const int num_classes = classifier == parts.weights.tail.end()
                              ? 0
                              : static_cast<int>(classifier->second.numel());
  SLUICE_ASSIGN_OR_RETURN(parts.tail, model::MobileNetTail::Create(
                                          parts.weights.tail, num_classes));
  return parts;
}

at::Tensor FeatureMetric::Distortion(const at::Tensor& features,
                                     const at::Tensor& target) const {
  const at::Tensor error = features.to(at::kFloat) - target.to(at::kFloat);
  // factor^T e at every position, as a 1x1 convolution.
  const at::Tensor kernel = factor.t().unsqueeze(-1).unsqueeze(-1);
  return at::conv2d(error, kernel).square().sum(1).mean({1, 2});
}

FeatureMetric EstimateFeatureMetric(const TeacherParts& teacher,
                                    const PictureBatches& pictures,
                                    int num_pictures, uint64_t seed,
                                    at::Device device) {
  constexpr int kBatch = 32;
  constexpr int kFeatures = model::kMobileNetSeamChannels;
  constexpr double kFisherShare = 0.8;  // The rest weighs channels alike.
  constexpr int64_t kBatchesApart = int64_t{1}
                                    << 40;  // From those of training.
  at::Tensor sum = at::zeros({kFeatures}, device);
  at::Tensor squares = at::zeros({kFeatures}, device);
  at::Tensor fisher = at::zeros({kFeatures, kFeatures}, device);
  double positions = 0;
  const int crop = std::min(224, pictures.max_crop() / 32 * 32);
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (int done = 0; done < num_pictures; done += kBatch) {
    const at::Tensor x =
        pictures.Crops(kBatchesApart + done, kBatch, crop).to(device);
    at::Tensor features;
    {
      const at::NoGradGuard no_grad;
      features = teacher.entrance(x);
    }
    features.requires_grad_(true);
    const at::Tensor log_p = at::log_softmax(teacher.tail(features).logits, 1);
    const at::Tensor drawn =
        at::multinomial(log_p.detach().exp().cpu(), 1, false, generator)
            .to(device);
    const at::Tensor gradient =
        torch::autograd::grad({log_p.gather(1, drawn).sum()}, {features})[0];
    const auto rows = [](const at::Tensor& t) {
      return t.detach().permute({0, 2, 3, 1}).reshape({-1, kFeatures});
    };
    const at::Tensor f = rows(features), g = rows(gradient);
    sum += f.sum(0);
    squares += f.square().sum(0);
    fisher += at::matmul(g.t(), g);
    positions += static_cast<double>(f.size(0));
  }
  FeatureMetric metric;
  metric.mean = sum / positions;
  metric.variance =
      (squares / positions - metric.mean.square()).clamp_min(1e-6);
  // Scaled by the distortion of predicting the mean, neglecting covariances.
  const at::Tensor m =
      kFisherShare * fisher / (fisher.diagonal() * metric.variance).sum() +
      (1 - kFisherShare) / kFeatures * at::diag(1 / metric.variance);
  metric.factor = at::linalg_cholesky(m.cpu()).to(device);
  return metric;
}

at::Tensor KlDivergence(const at::Tensor& teacher_logits,
                        const at::Tensor& student_logits) {
  const at::Tensor p = at::log_softmax(teacher_logits.to(at::kFloat), 1);
  const at::Tensor q = at::log_softmax(student_logits.to(at::kFloat), 1);
  return (p.exp() * (p - q)).sum(1);
}

at::Tensor RelativeSquaredError(const at::Tensor& found,
                                const at::Tensor& target) {
  const at::Tensor t = target.to(at::kFloat);
  const at::Tensor error = (found.to(at::kFloat) - t).square().mean({1, 2, 3});
  return error / t.square().mean();
}

at::Tensor RelativeSquaredErrors(const std::vector<at::Tensor>& found,
                                 const std::vector<at::Tensor>& target) {
  at::Tensor sum = RelativeSquaredError(found[0], target[0]);
  for (size_t i = 1; i < found.size(); ++i) {
    sum = sum + RelativeSquaredError(found[i], target[i]);
  }
  return sum;
}

}  // namespace sluice::train
