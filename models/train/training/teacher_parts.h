// The teacher as training uses it, and how features are compared with its.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/mobilenet_v2.h"
#include "models/train/training/picture_batches.h"

namespace sluice::train {

struct TeacherParts {
  model::MobileNetWeights weights;
  model::MobileNetEntrance entrance;
  model::MobileNetTail tail;
};
// Both parts on `device`.
absl::StatusOr<TeacherParts> LoadTeacherParts(const std::filesystem::path& path,
                                              at::Device device);

// e^T M e per position, scaled so that predicting every channel's mean
// scores 1. M is mostly the Fisher information of the teacher's answer with
// respect to its features, E[g g^T] with g the gradient of log p(class) for a
// class drawn from the teacher: what moves the answer counts, the rest hardly
// does.
struct FeatureMetric {
  at::Tensor mean;      // [F]
  at::Tensor variance;  // [F]
  at::Tensor factor;    // [F,F]: M = factor factor^T.

  // Features [N,F,h,w] -> distortion [N], float32.
  at::Tensor Distortion(const at::Tensor& features,
                        const at::Tensor& target) const;
};

// Estimated once, on `num_pictures` crops; `device` is the teacher's.
FeatureMetric EstimateFeatureMetric(const TeacherParts& teacher,
                                    const PictureBatches& pictures,
                                    int num_pictures, uint64_t seed,
                                    at::Device device);

// KL(teacher || student) in nats, [N].
at::Tensor KlDivergence(const at::Tensor& teacher_logits,
                        const at::Tensor& student_logits);

// Squared error over the target's mean square, per sample [N].
at::Tensor RelativeSquaredError(const at::Tensor& found,
                                const at::Tensor& target);

// As above for each pair of maps, at least one, summed.
at::Tensor RelativeSquaredErrors(const std::vector<at::Tensor>& found,
                                 const std::vector<at::Tensor>& target);

}  // namespace sluice::train
