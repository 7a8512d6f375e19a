// A curve through given points that is as monotone as they are: PCHIP.
#pragma once

#include <cstddef>
#include <vector>

namespace sluice::train {

// Cubic Hermite pieces with the slopes of Fritsch and Butland
// (https://doi.org/10.1137/0905021): inside, the weighted harmonic mean of the
// two secants beside a point, 0 at an extremum; at an end, the parabola
// through three points, limited to keep the shape (Fritsch and Carlson,
// https://doi.org/10.1137/0717021). SciPy's PchipInterpolator is the same
// curve. Two points give a straight line, one a constant.
class MonotoneCubic {
 public:
  // REQUIRES: at least one point; x strictly ascending; equal sizes; all
  // finite.
  MonotoneCubic(std::vector<double> x, std::vector<double> y);

  const std::vector<double>& x() const { return x_; }
  const std::vector<double>& y() const { return y_; }

  // REQUIRES: x().front() <= at <= x().back().
  double At(double at) const;

  // The integral from `low` to `high`, exact but for rounding.
  // REQUIRES: x().front() <= low <= high <= x().back().
  double Integral(double low, double high) const;

 private:
  struct Piece;

  // Pieces lie between neighbouring points. REQUIRES: two points or more.
  Piece PieceAt(size_t i) const;
  size_t PieceOf(double at) const;
  // From the start of piece `i` to `at` within it.
  double PieceIntegral(size_t i, double at) const;

  std::vector<double> x_;
  std::vector<double> y_;
  std::vector<double> slopes_;
};

}  // namespace sluice::train
