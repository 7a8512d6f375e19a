#include "models/train/estimate.h"

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

int64_t CountTop1(const OperatingPoint& point) {
  return std::count_if(
      point.outcomes.begin(), point.outcomes.end(),
      [](const Outcome& outcome) { return outcome.rank == 0; });
}

PointMeans MeansOf(const std::vector<Outcome>& outcomes,
                   std::span<const uint32_t> counts, double sum_counts) {
  if (sum_counts == 0.0) return {};
  uint64_t bytes = 0;
  uint64_t top1 = 0;
  double kl = 0.0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const uint64_t count = counts[i];
    bytes += count * outcomes[i].bytes;
    top1 += outcomes[i].rank == 0 ? count : 0;
    kl += static_cast<double>(count) * static_cast<double>(outcomes[i].kl);
  }
  return {static_cast<double>(bytes) / sum_counts,
          static_cast<double>(top1) / sum_counts, kl / sum_counts};
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
  if (result.has_teacher) {
    result.reference = 0;
  } else if (!result.points.empty()) {
    const auto best =
        std::max_element(result.points.begin(), result.points.end(),
                         [](const OperatingPoint* a, const OperatingPoint* b) {
                           return CountTop1(*a) < CountTop1(*b);
                         });
    result.reference = static_cast<size_t>(best - result.points.begin());
  }
  const std::vector<Method>& methods = evaluation.methods;
  for (size_t i = 0; i < methods.size(); ++i) {
    result.first_of_method.push_back(result.points.size());
    AppendPoints(methods[i].points, &result.points);
    for (size_t j = 0; methods[i].learned && j < methods.size(); ++j) {
      if (j != i) result.pairs.push_back({.method = i, .anchor = j});
    }
  }
  return result;
}

RateCurve CurveOnTop1(std::span<const PointMeans> points) {
  std::vector<CurvePoint> curve;
  for (const PointMeans& point : points) {
    curve.push_back({point.top1, point.bytes});
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
  for (const OperatingPoint* point : points.points) {
    result.points.push_back(MeansOf(point->outcomes, counts, sum_counts));
  }

  std::vector<RateCurve> on_top1;
  std::vector<RateCurve> on_kl;
  for (size_t i = 0; i < evaluation.methods.size(); ++i) {
    const std::span<const PointMeans> own =
        std::span(result.points)
            .subspan(points.first_of_method[i],
                     evaluation.methods[i].points.size());
    on_top1.push_back(CurveOnTop1(own));
    on_kl.push_back(CurveOnKl(own));
  }

  if (points.reference.has_value()) {
    const double top1 = result.points[*points.reference].top1;
    result.on_top1 =
        RatesOf(points.pairs, on_top1,
                {top1 - kWantedDrops.high, top1 - kWantedDrops.low});
  } else {
    result.on_top1 =
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
