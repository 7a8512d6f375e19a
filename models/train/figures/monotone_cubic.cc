#include "models/train/figures/monotone_cubic.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::train {
namespace {

// The slope between two pieces of widths h0, h1 and secants s0, s1.
double InnerSlope(double h0, double h1, double s0, double s1) {
  if (s0 * s1 <= 0.0) return 0.0;
  const double w0 = h0 + 2.0 * h1;
  const double w1 = 2.0 * h0 + h1;
  return (w0 + w1) / (w0 / s0 + w1 / s1);
}

// The slope at the open side of a piece (h0, s0) whose neighbour is (h1, s1).
double EndSlope(double h0, double h1, double s0, double s1) {
  const double slope = ((2.0 * h0 + h1) * s0 - h0 * s1) / (h0 + h1);
  if (slope * s0 <= 0.0) return 0.0;
  if (s0 * s1 <= 0.0 && std::abs(slope) > 3.0 * std::abs(s0)) return 3.0 * s0;
  return slope;
}

std::vector<double> Slopes(const std::vector<double>& x,
                           const std::vector<double>& y) {
  const size_t num_pieces = x.size() - 1;
  std::vector<double> width(num_pieces);
  std::vector<double> secant(num_pieces);
  for (size_t i = 0; i < num_pieces; ++i) {
    width[i] = x[i + 1] - x[i];
    secant[i] = (y[i + 1] - y[i]) / width[i];
  }
  if (num_pieces == 0) return {0.0};
  if (num_pieces == 1) return {secant[0], secant[0]};

  std::vector<double> slopes(x.size());
  slopes.front() = EndSlope(width[0], width[1], secant[0], secant[1]);
  for (size_t i = 1; i < num_pieces; ++i) {
    slopes[i] = InnerSlope(width[i - 1], width[i], secant[i - 1], secant[i]);
  }
  const size_t last = num_pieces - 1;
  slopes.back() =
      EndSlope(width[last], width[last - 1], secant[last], secant[last - 1]);
  return slopes;
}

}  // namespace

// y[i] + linear t + square t^2 + cube t^3, with t in 0..1 along the piece.
struct MonotoneCubic::Piece {
  double width;
  double start;
  double linear;
  double square;
  double cube;
};

MonotoneCubic::MonotoneCubic(std::vector<double> x, std::vector<double> y)
    : x_(std::move(x)), y_(std::move(y)), slopes_(Slopes(x_, y_)) {}

MonotoneCubic::Piece MonotoneCubic::PieceAt(size_t i) const {
  const double width = x_[i + 1] - x_[i];
  const double rise = y_[i + 1] - y_[i];
  const double at_start = width * slopes_[i];
  const double at_end = width * slopes_[i + 1];
  return {.width = width,
          .start = y_[i],
          .linear = at_start,
          .square = 3.0 * rise - 2.0 * at_start - at_end,
          .cube = at_start + at_end - 2.0 * rise};
}

size_t MonotoneCubic::PieceOf(double at) const {
  const auto next = std::upper_bound(x_.begin() + 1, x_.end() - 1, at);
  return static_cast<size_t>(next - x_.begin()) - 1;
}

double MonotoneCubic::At(double at) const {
  if (x_.size() == 1) return y_[0];
  const size_t i = PieceOf(at);
  const Piece piece = PieceAt(i);
  const double t = (at - x_[i]) / piece.width;
  return piece.start + t * (piece.linear + t * (piece.square + t * piece.cube));
}

double MonotoneCubic::PieceIntegral(size_t i, double at) const {
  const Piece piece = PieceAt(i);
  const double t = (at - x_[i]) / piece.width;
  return piece.width * t *
         (piece.start + t * (piece.linear / 2.0 +
                             t * (piece.square / 3.0 + t * piece.cube / 4.0)));
}

double MonotoneCubic::Integral(double low, double high) const {
  if (x_.size() == 1) return 0.0;
  const size_t first = PieceOf(low);
  const size_t last = PieceOf(high);
  double integral = PieceIntegral(last, high) - PieceIntegral(first, low);
  for (size_t i = first; i < last; ++i) integral += PieceIntegral(i, x_[i + 1]);
  return integral;
}

}  // namespace sluice::train
