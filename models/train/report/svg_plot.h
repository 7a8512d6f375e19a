// Draws lines with markers as SVG that stands alone: no script, no style sheet,
// no network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/train/report/plot_axis.h"
#include "models/train/report/plot_style.h"

namespace sluice::train {

// Strings are plain text; the drawing escapes them.
struct PlotPoint {
  double x = 0;
  double y = 0;
  std::optional<ValueRange> y_interval;  // Drawn as a thin bar.
  std::string tooltip;
};

struct PlotSeries {
  std::string name;
  SeriesStyle style = SeriesStyle(SeriesWeight::kNormal, 0);
  std::vector<PlotPoint> points;  // Joined in this order.
};

// A dashed horizontal line.
struct ReferenceLine {
  double y = 0;
  std::string label;
};

struct PlotScale {
  std::string title;
  AxisScale scale = AxisScale::kLinear;
  // What to show; the extent of what there is when absent. Lines go on to the
  // edge of the plot, markers beyond it are left out.
  std::optional<ValueRange> limits;
};

struct LinePlot {
  std::string title;  // Read to people who do not see the plot; not drawn.
  PlotScale x;
  PlotScale y;
  std::vector<PlotSeries> series;
  std::vector<ReferenceLine> reference_lines;
};

// One <svg> element, 760 units wide, with a legend above the plot and each name
// once more beside its line where there is room. What the axes cannot show (not
// finite; not positive on a log scale) is left out.
std::string LinePlotToSvg(const LinePlot& plot);

}  // namespace sluice::train
