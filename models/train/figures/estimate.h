// What is estimated from a sample of an evaluation's pictures: from all of
// them, or from a bootstrap resample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/train/figures/evaluation.h"
#include "models/train/figures/point_quality.h"
#include "models/train/figures/rate_curve.h"

namespace sluice::train {

// Two of Evaluation::methods, by index.
struct MethodPair {
  size_t method = 0;
  size_t anchor = 0;
};

// The points and pairs of an evaluation, each in one list. Views of the
// evaluation, which must outlive it.
struct EvaluationPoints {
  // The teacher if there is one, then the uncompressed, then every method's.
  std::vector<const OperatingPoint*> points;
  std::vector<QualityFunction> qualities;  // Of each.
  bool has_teacher = false;
  std::vector<size_t> first_of_method;  // Index of its first point.
  std::optional<size_t> reference;      // Index of what drops are drops from.
  // Every learned method with every other method.
  std::vector<MethodPair> pairs;
};

EvaluationPoints ListPoints(const Evaluation& evaluation);

struct PointMeans {
  double bytes = 0.0;
  double quality = 0.0;  // In 0..1.
  double kl = 0.0;       // Nats.
};

// Vectors are parallel to those of EvaluationPoints.
struct Estimate {
  std::vector<PointMeans> points;
  std::vector<BdRate> on_quality;
  std::vector<BdRate> on_kl;  // The curves' quality is -log KL.
};

// Curves of one method over its points' means.
RateCurve CurveOnQuality(std::span<const PointMeans> points);
RateCurve CurveOnKl(std::span<const PointMeans> points);

// `counts` says how often each picture is in the sample; means of an empty
// sample are 0. REQUIRES: as many counts as pictures.
Estimate EstimateFrom(const Evaluation& evaluation,
                      const EvaluationPoints& points,
                      std::span<const uint32_t> counts);

}  // namespace sluice::train
