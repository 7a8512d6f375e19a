// How a plot draws its lines and markers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "models/train/report/plot_labels.h"

namespace sluice::train {

enum class SeriesWeight { kNormal, kStrong };

// The same in every plot for the same weight and index. Colours, dashes
// and markers repeat after ten.
class SeriesStyle {
 public:
  SeriesStyle(SeriesWeight weight, size_t index);

  SeriesWeight weight() const { return weight_; }
  std::string_view colour() const { return colour_; }

  // SVG elements: joined positions; one filled or hollow marker with a tooltip
  // (none when empty); a vertical bar between two heights.
  std::string Line(const std::vector<PlotPosition>& positions) const;
  std::string Marker(const PlotPosition& at, std::string_view tooltip) const;
  std::string Bar(double x, double top, double bottom) const;

 private:
  SeriesWeight weight_;
  size_t shape_;
  std::string_view colour_;
  std::string_view dashes_;
};

// A line with a marker as an <svg> of its own, for legends and tables.
std::string SeriesKeyToSvg(const SeriesStyle& style);

}  // namespace sluice::train
