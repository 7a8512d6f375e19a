#include "models/train/report/evaluation_plots.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "models/train/figures/task_words.h"
#include "models/train/report/markup.h"

namespace sluice::train {
namespace {

// Drops beyond this from the reference are nobody's operating points.
constexpr double kShownDrop = 0.30;

struct PlottedQuality {
  double value = 0;
  std::optional<ValueRange> interval;
};

// In the y axis's unit; none for points without one.
using QualityOf = std::optional<PlottedQuality> (*)(const Method&,
                                                    const PointFigures&);

// "top-1 74.0 %"
std::string DescribeQuality(Task task, const PointFigures& figures) {
  return absl::StrCat(WordsOf(task).quality.title, " ",
                      FormatPercent(figures.quality), " %");
}

std::string Describe(Task task, const Method& method, size_t point,
                     const PointFigures& figures) {
  const OperatingPoint& at = method.points[point];
  std::string text = absl::StrCat(
      method.name, ", ", at.setting, ": ", FormatNumber(figures.mean_bytes, 0),
      " bytes, ", DescribeQuality(task, figures), " ",
      FormatPercentInterval(figures.quality_interval));
  if (figures.mean_kl.has_value()) {
    absl::StrAppend(&text, ", KL ", FormatNumber(*figures.mean_kl, 3));
  }
  return absl::StrCat(text, ", scored by ", at.scored_by);
}

struct ShownRanges {
  std::optional<ValueRange> bytes;
  std::optional<ValueRange> quality;  // Percent.
};

ShownRanges RangesOf(const Evaluation& evaluation,
                     const EvaluationFigures& figures) {
  ShownRanges shown;
  const double floor =
      figures.reference.has_value()
          ? std::max(0.0, figures.reference->quality - kShownDrop)
          : 0.0;
  if (figures.reference.has_value())
    Include(100 * figures.reference->quality, shown.quality);
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const std::vector<PointFigures>& points = figures.methods[m].points;
    const bool learned = evaluation.methods[m].learned;
    // A lone pixel file, such as PNG's, would push all curves into a corner.
    const bool counts = learned || points.size() > 1;
    for (const PointFigures& point : points) {
      if (counts) Include(point.mean_bytes, shown.bytes);
      if (learned) {
        const Interval bar = point.quality_interval.value_or(
            Interval{point.quality, point.quality});
        Include(100 * bar.low, shown.quality);
        Include(100 * bar.high, shown.quality);
      } else {
        Include(100 * std::max(floor, point.quality), shown.quality);
      }
    }
  }
  return shown;
}

bool IsShown(const std::optional<ValueRange>& range, double value) {
  return !range.has_value() || (value >= range->lo && value <= range->hi);
}

std::string Elsewhere(Task task, const Method& method,
                      const PointFigures& point) {
  return absl::StrCat(method.name, " (", FormatNumber(point.mean_bytes, 0),
                      " bytes, ", DescribeQuality(task, point), ")");
}

QualityPlot MakePlot(const Evaluation& evaluation,
                     const EvaluationFigures& figures, const LinePlot& empty,
                     QualityOf quality) {
  QualityPlot result = {empty, {}};
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    const std::vector<PointFigures>& points = figures.methods[m].points;
    PlotSeries series = {method.name, StyleOfMethod(evaluation, m), {}};
    bool any_shown = false;
    for (size_t p = 0; p < points.size(); ++p) {
      const std::optional<PlottedQuality> y = quality(method, points[p]);
      if (!y.has_value()) continue;
      series.points.push_back(
          {points[p].mean_bytes, y->value, y->interval,
           Describe(evaluation.task, method, p, points[p])});
      any_shown |= IsShown(empty.x.limits, points[p].mean_bytes) &&
                   IsShown(empty.y.limits, y->value);
    }
    if (any_shown) {
      result.plot.series.push_back(std::move(series));
    } else if (!series.points.empty()) {
      result.not_shown.push_back(
          Elsewhere(evaluation.task, method, points.front()));
    }
  }
  return result;
}

}  // namespace

SeriesStyle StyleOfMethod(const Evaluation& evaluation, size_t index) {
  const bool learned = evaluation.methods[index].learned;
  size_t before = 0;
  for (size_t i = 0; i < index; ++i) {
    if (evaluation.methods[i].learned == learned) ++before;
  }
  return SeriesStyle(learned ? SeriesWeight::kStrong : SeriesWeight::kNormal,
                     before);
}

QualityPlot PlotQuality(const Evaluation& evaluation,
                        const EvaluationFigures& figures) {
  const ShownRanges shown = RangesOf(evaluation, figures);
  const std::string& title = WordsOf(evaluation.task).long_title;
  LinePlot plot;
  plot.title = absl::StrCat(title, " over bytes per picture");
  plot.x = {"bytes per picture (log scale)", AxisScale::kLog, shown.bytes};
  plot.y = {absl::StrCat(title, ", %"), AxisScale::kLinear, shown.quality};
  if (figures.reference.has_value()) {
    const Reference& reference = *figures.reference;
    plot.reference_lines.push_back(
        {100 * reference.quality,
         absl::StrCat(reference.name, ", uncompressed: ",
                      FormatPercent(reference.quality), " %")});
  }
  return MakePlot(
      evaluation, figures, plot,
      [](const Method& method,
         const PointFigures& point) -> std::optional<PlottedQuality> {
        PlottedQuality quality = {100 * point.quality, {}};
        if (method.learned && point.quality_interval.has_value()) {
          quality.interval = {100 * point.quality_interval->low,
                              100 * point.quality_interval->high};
        }
        return quality;
      });
}

QualityPlot PlotKl(const Evaluation& evaluation,
                   const EvaluationFigures& figures) {
  LinePlot plot;
  plot.title = "KL divergence from the teacher over bytes per picture";
  plot.x = {"bytes per picture (log scale)", AxisScale::kLog,
            RangesOf(evaluation, figures).bytes};
  plot.y = {"KL to the teacher, nats (log scale)", AxisScale::kLog, {}};
  return MakePlot(
      evaluation, figures, plot,
      [](const Method&,
         const PointFigures& point) -> std::optional<PlottedQuality> {
        if (!point.mean_kl.has_value()) return std::nullopt;
        return PlottedQuality{*point.mean_kl, {}};
      });
}

std::string FormatPercent(double share) { return FormatNumber(100 * share, 1); }

std::string FormatPercentInterval(const std::optional<Interval>& interval) {
  if (!interval.has_value()) return "";
  return absl::StrCat("[", FormatPercent(interval->low), ",\u00a0",
                      FormatPercent(interval->high), "]");
}

}  // namespace sluice::train
