#include "models/train/report/plot_axis.h"

#include <algorithm>
#include <cmath>

#include "models/train/report/markup.h"

namespace sluice::train {
namespace {

constexpr double kFarOutside = 1e4;
constexpr double kLargest = 1e100;

double Coordinate(AxisScale scale, double value) {
  return scale == AxisScale::kLog ? std::log10(value) : value;
}

// As many decimals as the multiples of 10^exponent need.
std::string TickLabel(double value, int exponent) {
  return FormatNumber(value, std::max(0, -exponent));
}

// Which digits of a decade get a label when the axis spans `decades`.
bool IsLabelled(int digit, double decades) {
  if (decades > 4) return digit == 1;
  if (decades > 1.6) return digit == 1 || digit == 2 || digit == 5;
  return digit <= 3 || digit == 5 || digit == 7;
}

}  // namespace

void Include(double value, std::optional<ValueRange>& range) {
  if (!range.has_value()) range = {value, value};
  range->lo = std::min(range->lo, value);
  range->hi = std::max(range->hi, value);
}

PlotAxis::PlotAxis(AxisScale scale, ValueRange range, double first, double last)
    : scale_(scale), range_(range), first_(first), last_(last) {
  if (range.lo < range.hi) return;
  if (scale == AxisScale::kLog) {
    range_ = {range.lo / 2, range.lo * 2};
  } else {
    const double margin = range.lo == 0 ? 1 : std::abs(range.lo) / 2;
    range_ = {range.lo - margin, range.lo + margin};
  }
}

bool PlotAxis::CanShow(AxisScale scale, double value) {
  return std::abs(value) <= kLargest &&
         (scale == AxisScale::kLinear || value >= 1 / kLargest);
}

double PlotAxis::Position(double value) const {
  const double lo = Coordinate(scale_, range_.lo);
  const double hi = Coordinate(scale_, range_.hi);
  const double share = (Coordinate(scale_, value) - lo) / (hi - lo);
  return std::clamp(first_ + share * (last_ - first_), -kFarOutside,
                    kFarOutside);
}

std::vector<AxisTick> PlotAxis::Ticks() const {
  const bool less_than_an_octave = range_.hi < 2 * range_.lo;
  return scale_ == AxisScale::kLinear || less_than_an_octave ? LinearTicks()
                                                             : LogTicks();
}

std::vector<AxisTick> PlotAxis::LinearTicks() const {
  const double raw_step = (range_.hi - range_.lo) / 6;
  const int exponent = static_cast<int>(std::floor(std::log10(raw_step)));
  const double unit = std::pow(10.0, exponent);
  double step = 10 * unit;
  for (const double digit : {5.0, 2.0, 1.0}) {
    if (digit * unit >= raw_step) step = digit * unit;
  }
  const int label_exponent = step > 9 * unit ? exponent + 1 : exponent;
  std::vector<AxisTick> ticks;
  const double first = std::ceil(range_.lo / step);
  for (double i = first; i * step <= range_.hi && ticks.size() < 20; ++i) {
    ticks.push_back({i * step, TickLabel(i * step, label_exponent)});
  }
  return ticks;
}

std::vector<AxisTick> PlotAxis::LogTicks() const {
  const int first_decade = static_cast<int>(std::floor(std::log10(range_.lo)));
  const int last_decade = static_cast<int>(std::floor(std::log10(range_.hi)));
  const double decades = std::log10(range_.hi / range_.lo);
  std::vector<AxisTick> ticks;
  for (int decade = first_decade; decade <= last_decade; ++decade) {
    for (int digit = 1; digit <= 9; ++digit) {
      const double value = digit * std::pow(10.0, decade);
      if (!Contains(value)) continue;
      ticks.push_back({value, IsLabelled(digit, decades)
                                  ? TickLabel(value, decade)
                                  : std::string()});
    }
  }
  return ticks;
}

}  // namespace sluice::train
