#include "models/train/figures.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/estimate.h"
#include "models/train/resampler.h"
#include "models/train/samples.h"

namespace sluice::train {
namespace {

constexpr uint64_t kBootstrapSeed = 1;
// A bootstrap interval of a BD-rate that is rarely defined would be one of
// the resamples that happen to define it.
constexpr double kMinDefinedFraction = 0.9;

// What the resamples say; vectors are parallel to those of EvaluationPoints.
struct Spread {
  std::vector<Samples> top1;
  std::vector<Samples> drop;
  std::vector<Samples> on_top1;  // BD-rates where defined, in percent.
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
      const double top1 = estimate.points[p].top1;
      spread.top1[p].Add(top1);
      if (!points.reference.has_value()) continue;
      spread.drop[p].Add(estimate.points[*points.reference].top1 - top1);
    }
    AddRates(estimate.on_top1, &spread.on_top1);
    AddRates(estimate.on_kl, &spread.on_kl);
  }
  return spread;
}

std::optional<Interval> IntervalOf(const Samples& samples) {
  if (samples.empty()) return std::nullopt;
  return MiddleInterval(samples);
}

// What one point alone says: bytes and shares of right answers.
PointFigures SummaryOf(const OperatingPoint& point,
                       const std::vector<EvaluatedPicture>& pictures) {
  PointFigures figures;
  if (pictures.empty()) return figures;
  Samples bytes;
  Samples bpp;
  Samples top1;
  Samples top5;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Outcome& outcome = point.outcomes[i];
    bytes.Add(outcome.bytes);
    bpp.Add(8.0 * outcome.bytes / pictures[i].pixels);
    top1.Add(outcome.rank < 1 ? 1.0 : 0.0);
    top5.Add(outcome.rank < 5 ? 1.0 : 0.0);
  }
  figures.mean_bytes = bytes.Mean();
  figures.p95_bytes = bytes.Percentile(0.95);
  figures.bpp = bpp.Mean();
  figures.top1 = top1.Mean();
  figures.top5 = top5.Mean();
  figures.top1_standard_error = std::sqrt(figures.top1 * (1.0 - figures.top1) /
                                          static_cast<double>(pictures.size()));
  return figures;
}

// Point `p` of EvaluationPoints.
PointFigures FiguresOfPoint(const Evaluation& evaluation,
                            const EvaluationPoints& points,
                            const Estimate& estimate, const Spread& spread,
                            size_t p) {
  PointFigures figures = SummaryOf(*points.points[p], evaluation.pictures);
  figures.top1_interval = IntervalOf(spread.top1[p]);
  if (points.reference.has_value()) {
    figures.drop =
        estimate.points[*points.reference].top1 - estimate.points[p].top1;
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
                                     const Estimate& estimate) {
  if (!points.reference.has_value()) return std::nullopt;
  const OperatingPoint& point = *points.points[*points.reference];
  return Reference{
      .name = points.has_teacher
                  ? "teacher"
                  : absl::StrCat(point.scored_by, " of ", point.setting),
      .top1 = estimate.points[*points.reference].top1};
}

std::vector<BytesNeeded> BytesAtDrops(std::span<const PointMeans> points,
                                      double reference_top1) {
  const RateCurve curve = CurveOnTop1(points);
  std::vector<BytesNeeded> result;
  for (const double drop : kDrops) {
    result.push_back(curve.BytesFor(reference_top1 - drop));
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
                     estimate.points[*points.reference].top1);
  }
  return figures;
}

PairFigures FiguresOfPair(const EvaluationPoints& points,
                          const Estimate& estimate, const Spread& spread,
                          size_t pair) {
  PairFigures figures = {
      .method = points.pairs[pair].method,
      .anchor = points.pairs[pair].anchor,
      .on_top1 = FigureOfRate(estimate.on_top1[pair], spread.on_top1[pair]),
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
  result.reference = ReferenceOf(points, estimate);
  size_t next_point = 0;
  const auto make_next = [&] {
    return FiguresOfPoint(evaluation, points, estimate, spread, next_point++);
  };
  if (points.has_teacher) result.teacher = make_next();
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    result.uncompressed.push_back(make_next());
  }
  for (size_t i = 0; i < evaluation.methods.size(); ++i) {
    result.methods.push_back(
        FiguresOfMethod(evaluation, points, estimate, spread, i));
  }
  for (size_t i = 0; i < points.pairs.size(); ++i) {
    result.pairs.push_back(FiguresOfPair(points, estimate, spread, i));
  }
  return result;
}

std::vector<Definition> FigureDefinitions() {
  return {
      {"bytes, bpp",
       "Bytes are those of the whole frame or file, headers included, mean "
       "over pictures; p95 is the size that 95 % of them do not exceed. bpp = "
       "8 * bytes / (height * width of the network's input)."},
      {"top-1, top-5",
       "Share of pictures whose label is the first, or among the first five, "
       "of the answer. The standard error is the binomial sqrt(p (1 - p) / n). "
       "A drop is counted down from the unmodified teacher on uncompressed "
       "pictures or, without a teacher, from the best uncompressed answer."},
      {"KL",
       "KL(teacher || answer) of the class probabilities in nats, mean over "
       "pictures; 0 for the teacher's own answer."},
      {"curve",
       "A method's log bytes as a function of quality (top-1, or -log KL): "
       "PCHIP through its operating points on the monotone envelope, that is "
       "without points that cost as much as another or more for no more "
       "quality. Nothing is extrapolated. Bytes at a drop are read off this "
       "curve."},
      {"BD-rate",
       absl::StrFormat(
           "Mean difference of bytes at equal quality between a method and an "
           "anchor: exp(mean of log method bytes - log anchor bytes) - 1, over "
           "the qualities that both curves reach within drops of %.0f to %.0f "
           "points of top-1, or within KL of %g to %g nats, evenly in top-1 or "
           "log KL. -50 %% is half of the anchor's bytes. Undefined when that "
           "common interval is shorter than %.0f %% of the wanted one, or a "
           "curve has fewer than %d points within it.",
           100 * kWantedDrops.low, 100 * kWantedDrops.high, kWantedKl.low,
           kWantedKl.high, 100 * kMinSharedFraction, kMinPointsWithin)},
      {"95 % intervals",
       absl::StrFormat(
           "2.5 %% and 97.5 %% percentiles over %d bootstrap resamples of the "
           "pictures. A resample draws the same pictures for all methods and "
           "the teacher, so drops and BD-rates are paired. They say how far "
           "another draw of so many pictures would move a figure, not how "
           "training again would. A BD-rate has an interval when at least "
           "%.0f %% of the resamples define it.",
           kNumResamples, 100 * kMinDefinedFraction)},
  };
}

}  // namespace sluice::train
