#include "models/train/figures/figures.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "models/train/figures/estimate.h"
#include "models/train/figures/resampler.h"
#include "models/train/figures/samples.h"

namespace sluice::train {
namespace {

constexpr uint64_t kBootstrapSeed = 1;

// What the resamples say; vectors are parallel to those of EvaluationPoints.
struct Spread {
  std::vector<Samples> quality;
  std::vector<Samples> drop;
  std::vector<Samples> on_quality;  // BD-rates where defined, in percent.
  std::vector<Samples> on_kl;
};

void AddRates(const std::vector<BdRate>& rates, std::vector<Samples>* samples) {
  for (size_t i = 0; i < rates.size(); ++i) {
    if (rates[i].percent.has_value()) (*samples)[i].Add(*rates[i].percent);
  }
}

Spread Bootstrap(const Evaluation& evaluation, const EvaluationPoints& points) {
  const size_t num_points = points.points.size();
  const size_t num_pairs = points.pairs.size();
  Spread spread = {
      std::vector<Samples>(num_points), std::vector<Samples>(num_points),
      std::vector<Samples>(num_pairs), std::vector<Samples>(num_pairs)};
  if (evaluation.pictures.empty()) return spread;
  Resampler resampler(evaluation.pictures.size(), kBootstrapSeed);
  for (int i = 0; i < kNumResamples; ++i) {
    const Estimate estimate =
        EstimateFrom(evaluation, points, resampler.Next());
    for (size_t p = 0; p < num_points; ++p) {
      const double quality = estimate.points[p].quality;
      spread.quality[p].Add(quality);
      if (!points.reference.has_value()) continue;
      spread.drop[p].Add(estimate.points[*points.reference].quality - quality);
    }
    AddRates(estimate.on_quality, &spread.on_quality);
    AddRates(estimate.on_kl, &spread.on_kl);
  }
  return spread;
}

std::optional<Interval> IntervalOf(const Samples& samples) {
  if (samples.empty()) return std::nullopt;
  return MiddleInterval(samples);
}

// What one point alone says, but for its quality.
PointFigures SummaryOf(const OperatingPoint& point,
                       const Evaluation& evaluation) {
  const std::vector<EvaluatedPicture>& pictures = evaluation.pictures;
  PointFigures figures;
  FullFigures full =
      MakeFullFigures(evaluation.task, point, evaluation.class_names.size());
  figures.others = std::move(full.others);
  figures.classes = std::move(full.classes);
  Samples bytes;
  Samples bpp;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Outcome& outcome = point.outcomes[i];
    bytes.Add(outcome.bytes);
    bpp.Add(8.0 * outcome.bytes / pictures[i].pixels);
  }
  figures.mean_bytes = bytes.Mean();
  figures.p95_bytes = bytes.Percentile(0.95);
  figures.bpp = bpp.Mean();
  return figures;
}

double BinomialStandardError(double share, size_t count) {
  if (count == 0) return 0.0;
  return std::sqrt(share * (1.0 - share) / static_cast<double>(count));
}

// Point `p` of EvaluationPoints.
PointFigures FiguresOfPoint(const Evaluation& evaluation,
                            const EvaluationPoints& points,
                            const Estimate& estimate, const Spread& spread,
                            size_t p) {
  PointFigures figures = SummaryOf(*points.points[p], evaluation);
  figures.quality = estimate.points[p].quality;
  figures.quality_interval = IntervalOf(spread.quality[p]);
  if (evaluation.task == Task::kClassification) {
    figures.top1_standard_error =
        BinomialStandardError(figures.quality, evaluation.pictures.size());
  }
  if (points.reference.has_value()) {
    figures.drop = estimate.points[*points.reference].quality - figures.quality;
    figures.drop_interval = IntervalOf(spread.drop[p]);
  }
  const bool is_teacher = points.has_teacher && p == 0;
  if (points.has_teacher && !is_teacher &&
      std::isfinite(estimate.points[p].kl)) {
    figures.mean_kl = estimate.points[p].kl;
  }
  return figures;
}

BdRateFigure FigureOfRate(const BdRate& rate, const Samples& resampled) {
  BdRateFigure figure = {.rate = rate, .interval = {}};
  if (rate.percent.has_value() && static_cast<double>(resampled.size()) >=
                                      kMinDefinedFraction * kNumResamples) {
    figure.interval = MiddleInterval(resampled);
  }
  return figure;
}

// From qualities, -log KL, to nats.
void QualitiesToKl(Interval* interval) {
  if (interval->length() <= 0.0) return;
  *interval = {std::exp(-interval->high), std::exp(-interval->low)};
}

std::optional<Reference> ReferenceOf(const EvaluationPoints& points,
                                     const EvaluationFigures& figures) {
  if (!points.reference.has_value()) return std::nullopt;
  const size_t index = *points.reference;
  const OperatingPoint& point = *points.points[index];
  const PointFigures& best =
      points.has_teacher ? *figures.teacher : figures.uncompressed[index];
  return Reference{
      .name = points.has_teacher
                  ? "teacher"
                  : absl::StrCat(point.scored_by, " of ", point.setting),
      .quality = best.quality,
      .classes = best.classes};
}

std::vector<BytesNeeded> BytesAtDrops(std::span<const PointMeans> points,
                                      double reference_quality) {
  const RateCurve curve = CurveOnQuality(points);
  std::vector<BytesNeeded> result;
  for (const double drop : kDrops) {
    result.push_back(curve.BytesFor(reference_quality - drop));
  }
  return result;
}

MethodFigures FiguresOfMethod(const Evaluation& evaluation,
                              const EvaluationPoints& points,
                              const Estimate& estimate, const Spread& spread,
                              size_t method) {
  MethodFigures figures;
  const size_t first = points.first_of_method[method];
  const size_t num_points = evaluation.methods[method].points.size();
  for (size_t p = first; p < first + num_points; ++p) {
    figures.points.push_back(
        FiguresOfPoint(evaluation, points, estimate, spread, p));
  }
  if (points.reference.has_value()) {
    figures.bytes_at_drops =
        BytesAtDrops(std::span(estimate.points).subspan(first, num_points),
                     estimate.points[*points.reference].quality);
  }
  return figures;
}

PairFigures FiguresOfPair(const EvaluationPoints& points,
                          const Estimate& estimate, const Spread& spread,
                          size_t pair) {
  PairFigures figures = {
      .method = points.pairs[pair].method,
      .anchor = points.pairs[pair].anchor,
      .on_quality =
          FigureOfRate(estimate.on_quality[pair], spread.on_quality[pair]),
      .on_kl = FigureOfRate(estimate.on_kl[pair], spread.on_kl[pair])};
  QualitiesToKl(&figures.on_kl.rate.interval);
  return figures;
}

}  // namespace

EvaluationFigures MakeFigures(const Evaluation& evaluation) {
  const EvaluationPoints points = ListPoints(evaluation);
  const std::vector<uint32_t> once(evaluation.pictures.size(), 1);
  const Estimate estimate = EstimateFrom(evaluation, points, once);
  const Spread spread = Bootstrap(evaluation, points);

  EvaluationFigures result;
  size_t next_point = 0;
  const auto make_next = [&] {
    return FiguresOfPoint(evaluation, points, estimate, spread, next_point++);
  };
  if (points.has_teacher) result.teacher = make_next();
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    result.uncompressed.push_back(make_next());
  }
  result.reference = ReferenceOf(points, result);
  for (size_t i = 0; i < evaluation.methods.size(); ++i) {
    result.methods.push_back(
        FiguresOfMethod(evaluation, points, estimate, spread, i));
  }
  for (size_t i = 0; i < points.pairs.size(); ++i) {
    result.pairs.push_back(FiguresOfPair(points, estimate, spread, i));
  }
  return result;
}

const PointFigures* UsualPoint(const Method& method,
                               const MethodFigures& figures) {
  for (size_t p = 0; p < method.points.size(); ++p) {
    if (method.points[p].setting == method.usual_setting) {
      return &figures.points[p];
    }
  }
  return nullptr;
}

}  // namespace sluice::train
