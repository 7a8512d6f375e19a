#include "models/train/figures/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace sluice::train {
namespace {

void AppendPoints(const std::vector<OperatingPoint>& from,
                  std::vector<const OperatingPoint*>* to) {
  for (const OperatingPoint& point : from) to->push_back(&point);
}

PointMeans MeansOf(const std::vector<Outcome>& outcomes,
                   const QualityFunction& quality,
                   std::span<const uint32_t> counts, double sum_counts) {
  if (sum_counts == 0.0) return {};
  uint64_t bytes = 0;
  double kl = 0.0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const uint64_t count = counts[i];
    bytes += count * outcomes[i].bytes;
    kl += static_cast<double>(count) * static_cast<double>(outcomes[i].kl);
  }
  return {static_cast<double>(bytes) / sum_counts, quality(counts),
          kl / sum_counts};
}

// The first of the best. REQUIRES: there are some.
size_t IndexOfBest(std::span<const QualityFunction> qualities,
                   std::span<const uint32_t> counts) {
  std::vector<double> values;
  for (const QualityFunction& quality : qualities) {
    values.push_back(quality(counts));
  }
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) -
                             values.begin());
}

std::vector<BdRate> RatesOf(const std::vector<MethodPair>& pairs,
                            const std::vector<RateCurve>& curves,
                            const Interval& wanted) {
  std::vector<BdRate> rates;
  rates.reserve(pairs.size());
  for (const MethodPair& pair : pairs) {
    rates.push_back(
        ComputeBdRate(curves[pair.method], curves[pair.anchor], wanted));
  }
  return rates;
}

std::vector<BdRate> UndefinedRates(size_t num_pairs, std::string why) {
  return std::vector<BdRate>(
      num_pairs, BdRate{.percent = {}, .undefined = std::move(why)});
}

}  // namespace

EvaluationPoints ListPoints(const Evaluation& evaluation) {
  EvaluationPoints result;
  result.has_teacher = evaluation.teacher.has_value();
  if (result.has_teacher) result.points.push_back(&*evaluation.teacher);
  AppendPoints(evaluation.uncompressed, &result.points);
  const size_t num_uncompressed = result.points.size();
  const std::vector<Method>& methods = evaluation.methods;
  for (size_t i = 0; i < methods.size(); ++i) {
    result.first_of_method.push_back(result.points.size());
    AppendPoints(methods[i].points, &result.points);
    for (size_t j = 0; methods[i].learned && j < methods.size(); ++j) {
      if (j != i) result.pairs.push_back({.method = i, .anchor = j});
    }
  }
  for (const OperatingPoint* point : result.points) {
    result.qualities.push_back(
        MakeQuality(evaluation.task, *point, evaluation.class_names.size()));
  }
  if (result.has_teacher) {
    result.reference = 0;
  } else if (num_uncompressed > 0) {
    result.reference =
        IndexOfBest(std::span(result.qualities).first(num_uncompressed),
                    std::vector<uint32_t>(evaluation.pictures.size(), 1));
  }
  return result;
}

RateCurve CurveOnQuality(std::span<const PointMeans> points) {
  std::vector<CurvePoint> curve;
  for (const PointMeans& point : points) {
    curve.push_back({point.quality, point.bytes});
  }
  return RateCurve(std::move(curve));
}

RateCurve CurveOnKl(std::span<const PointMeans> points) {
  std::vector<CurvePoint> curve;
  for (const PointMeans& point : points) {
    curve.push_back({-std::log(point.kl), point.bytes});
  }
  return RateCurve(std::move(curve));
}

Estimate EstimateFrom(const Evaluation& evaluation,
                      const EvaluationPoints& points,
                      std::span<const uint32_t> counts) {
  const double sum_counts = static_cast<double>(
      std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
  Estimate result;
  result.points.reserve(points.points.size());
  for (size_t i = 0; i < points.points.size(); ++i) {
    result.points.push_back(MeansOf(points.points[i]->outcomes,
                                    points.qualities[i], counts, sum_counts));
  }

  std::vector<RateCurve> on_quality;
  std::vector<RateCurve> on_kl;
  for (size_t i = 0; i < evaluation.methods.size(); ++i) {
    const std::span<const PointMeans> own =
        std::span(result.points)
            .subspan(points.first_of_method[i],
                     evaluation.methods[i].points.size());
    on_quality.push_back(CurveOnQuality(own));
    on_kl.push_back(CurveOnKl(own));
  }

  if (points.reference.has_value()) {
    const double best = result.points[*points.reference].quality;
    result.on_quality =
        RatesOf(points.pairs, on_quality,
                {best - kWantedDrops.high, best - kWantedDrops.low});
  } else {
    result.on_quality =
        UndefinedRates(points.pairs.size(),
                       "there is no uncompressed answer to measure drops from");
  }
  if (points.has_teacher) {
    result.on_kl =
        RatesOf(points.pairs, on_kl,
                {-std::log(kWantedKl.high), -std::log(kWantedKl.low)});
  } else {
    result.on_kl = UndefinedRates(points.pairs.size(),
                                  "there is no teacher to diverge from");
  }
  return result;
}

}  // namespace sluice::train
