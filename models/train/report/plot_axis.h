// One axis of a plot: where values lie, and which are marked.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sluice::train {

enum class AxisScale { kLinear, kLog };

// Both ends are included. REQUIRES: lo <= hi.
struct ValueRange {
  double lo = 0;
  double hi = 0;
};

// Makes `range` include `value`; none is empty.
void Include(double value, std::optional<ValueRange>& range);

struct AxisTick {
  double value = 0;
  std::string label;  // Empty: a grid line alone.
};

class PlotAxis {
 public:
  // Draws `range` between `first` and `last`, in the drawing's units; first
  // may be the larger, as it is on a y axis. An empty range is widened.
  // REQUIRES: CanShow(scale, range.lo), CanShow(scale, range.hi).
  PlotAxis(AxisScale scale, ValueRange range, double first, double last);

  // False for what is not finite or beyond 1e100, and on a log scale for what
  // is below 1e-100.
  static bool CanShow(AxisScale scale, double value);

  // Values outside the range lie outside first..last, but not without limit.
  // REQUIRES: CanShow(scale, value).
  double Position(double value) const;

  bool Contains(double value) const {
    return value >= range_.lo && value <= range_.hi;
  }

  // Round numbers in the range, ascending: on a linear scale about six; on a
  // log scale every digit of every decade, labelled where there is room.
  std::vector<AxisTick> Ticks() const;

 private:
  std::vector<AxisTick> LinearTicks() const;
  std::vector<AxisTick> LogTicks() const;

  AxisScale scale_;
  ValueRange range_;
  double first_;
  double last_;
};

}  // namespace sluice::train
