#include "models/train/report/plot_labels.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::train {
namespace {

constexpr double kGap = 7;     // Between a marker's centre and its label.
constexpr double kMargin = 3;  // Kept free around a label.

// What a label may cover, in arbitrary units.
constexpr double kMarkerCost = 3;
constexpr double kLineCost = 2;
constexpr double kAwayFromEndCost = 1;
constexpr double kCostLimit = 7;

PlotBox Grow(const PlotBox& box, double by) {
  return {box.left - by, box.top - by, box.width + 2 * by, box.height + 2 * by};
}

bool Overlap(const PlotBox& a, const PlotBox& b) {
  return a.left < b.left + b.width && b.left < a.left + a.width &&
         a.top < b.top + b.height && b.top < a.top + a.height;
}

bool Inside(const PlotBox& box, const PlotBox& area) {
  return box.left >= area.left && box.top >= area.top &&
         box.left + box.width <= area.left + area.width &&
         box.top + box.height <= area.top + area.height;
}

bool Covers(const PlotBox& box, const PlotPosition& at) {
  return Overlap(box, {at.x, at.y, 0, 0});
}

// Clips the segment to the box (Liang and Barsky): true when a part remains.
bool Crosses(const PlotBox& box, const PlotPosition& a, const PlotPosition& b) {
  double enter = 0;
  double leave = 1;
  const auto clip = [&](double from, double to, double lo, double hi) {
    const double length = to - from;
    if (length == 0) return from > lo && from < hi;
    const double t0 = (lo - from) / length;
    const double t1 = (hi - from) / length;
    enter = std::max(enter, std::min(t0, t1));
    leave = std::min(leave, std::max(t0, t1));
    return enter < leave;
  };
  return clip(a.x, b.x, box.left, box.left + box.width) &&
         clip(a.y, b.y, box.top, box.top + box.height);
}

// Right, left, and then the corners, above and below.
std::array<PlotBox, 8> BoxesAround(const PlotPosition& at, double width,
                                   double height) {
  const double right = at.x + kGap;
  const double left = at.x - kGap - width;
  const double centre = at.x - width / 2;
  const double middle = at.y - height / 2;
  const double above = at.y - kGap - height;
  const double below = at.y + kGap;
  const auto box = [&](double x, double y) {
    return PlotBox{x, y, width, height};
  };
  return {box(right, middle),       box(left, middle),
          box(right - kGap, above), box(left + kGap, above),
          box(right - kGap, below), box(left + kGap, below),
          box(centre, above),       box(centre, below)};
}

double CostOf(const PlotBox& box, const std::vector<LabelledLine>& lines) {
  double cost = 0;
  for (const LabelledLine& line : lines) {
    const std::vector<PlotPosition>& at = line.positions;
    for (size_t i = 0; i < at.size(); ++i) {
      if (Covers(box, at[i])) cost += kMarkerCost;
      if (i > 0 && Crosses(box, at[i - 1], at[i])) cost += kLineCost;
    }
  }
  return cost;
}

class LabelPlacer {
 public:
  LabelPlacer(const std::vector<LabelledLine>& lines, const PlotBox& area)
      : lines_(lines), area_(area) {}

  std::optional<PlotBox> Place(const LabelledLine& line) {
    best_.reset();
    best_cost_ = kCostLimit;
    const size_t num_positions = line.positions.size();
    for (size_t i = num_positions; i-- > 0;) {
      const bool at_end = i + 1 == num_positions;
      const double preference = at_end   ? 0
                                : i == 0 ? kAwayFromEndCost / 2
                                         : kAwayFromEndCost;
      for (const PlotBox& box : BoxesAround(line.positions[i], line.label_width,
                                            line.label_height)) {
        Consider(box, preference);
      }
    }
    if (best_.has_value()) taken_.push_back(*best_);
    return best_;
  }

 private:
  void Consider(const PlotBox& box, double preference) {
    if (!Inside(box, area_)) return;
    const PlotBox grown = Grow(box, kMargin);
    for (const PlotBox& other : taken_) {
      if (Overlap(grown, other)) return;
    }
    const double cost = preference + CostOf(grown, lines_);
    if (cost >= best_cost_) return;
    best_ = box;
    best_cost_ = cost;
  }

  const std::vector<LabelledLine>& lines_;
  const PlotBox area_;
  std::vector<PlotBox> taken_;
  std::optional<PlotBox> best_;
  double best_cost_ = 0;
};

}  // namespace

std::vector<std::optional<PlotBox>> PlaceLabels(
    const std::vector<LabelledLine>& lines, const PlotBox& area) {
  LabelPlacer placer(lines, area);
  std::vector<std::optional<PlotBox>> boxes;
  for (const LabelledLine& line : lines) boxes.push_back(placer.Place(line));
  return boxes;
}

}  // namespace sluice::train
