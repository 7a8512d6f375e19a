// The plots of an evaluation: quality over bytes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "models/train/figures/evaluation.h"
#include "models/train/figures/figures.h"
#include "models/train/report/svg_plot.h"

namespace sluice::train {

// How method `index` is drawn, in all plots and tables of a report: learned
// ones strong.
SeriesStyle StyleOfMethod(const Evaluation& evaluation, size_t index);

struct QualityPlot {
  LinePlot plot;
  // What lies outside of the plot: "PNG (87,310 bytes, top-1 78.7 %)".
  std::vector<std::string> not_shown;
};

// The task's quality in percent over mean bytes (log), with intervals on
// learned methods and the reference as a line. It shows learned points, and
// whatever is within 30 points of the reference and no dearer than the dearest
// point of a curve.
QualityPlot PlotQuality(const Evaluation& evaluation,
                        const EvaluationFigures& figures);

// Mean KL to the teacher over mean bytes, both log. Without series when no
// point has a KL.
QualityPlot PlotKl(const Evaluation& evaluation,
                   const EvaluationFigures& figures);

// "74.0", in percent, and "[70.7, 77.3]"; empty for no interval.
std::string FormatPercent(double share);
std::string FormatPercentInterval(const std::optional<Interval>& interval);

}  // namespace sluice::train
