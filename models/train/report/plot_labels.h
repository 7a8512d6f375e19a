// Finds room for the names of a plot's lines, beside the lines.
#pragma once

#include <optional>
#include <vector>

namespace sluice::train {

// All in the drawing's units, y downwards.
struct PlotPosition {
  double x = 0;
  double y = 0;
};

struct PlotBox {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

// A drawn line with markers at its positions and the size of its name.
struct LabelledLine {
  std::vector<PlotPosition> positions;
  double label_width = 0;
  double label_height = 0;
};

// For each line the box of its label, or nothing where every place would cover
// too much. Boxes lie within `area`, do not overlap each other, and stay clear
// of markers and lines where they can; the last position is preferred, then the
// first. Earlier lines choose first.
std::vector<std::optional<PlotBox>> PlaceLabels(
    const std::vector<LabelledLine>& lines, const PlotBox& area);

}  // namespace sluice::train
