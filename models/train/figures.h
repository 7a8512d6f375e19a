// The figures of an evaluation: everything that its reports print beside what
// was measured.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/train/evaluation.h"
#include "models/train/rate_curve.h"

namespace sluice::train {

// What top-1 is measured down from: the teacher or, without one, the best
// uncompressed answer.
struct Reference {
  std::string name;  // "teacher", "pixel entrance of patch-m".
  double top1 = 0.0;
};

// Drops of top-1 from the reference at which bytes are stated.
inline constexpr std::array<double, 5> kDrops = {0.01, 0.02, 0.03, 0.05, 0.10};

// Of one operating point. Shares are fractions in 0..1; intervals are 95 %
// bootstrap intervals, absent without pictures.
struct PointFigures {
  double mean_bytes = 0.0;  // 0: not compressed.
  double p95_bytes = 0.0;
  double bpp = 0.0;  // 8 * bytes / pixels, mean over pictures.
  double top1 = 0.0;
  double top1_standard_error = 0.0;  // sqrt(p (1 - p) / n).
  double top5 = 0.0;
  std::optional<Interval> top1_interval;
  std::optional<double> drop;             // reference - top-1; with one.
  std::optional<Interval> drop_interval;  // Paired: on the same pictures.
  // Nats, of other answers than the teacher's; with a teacher, if finite.
  std::optional<double> mean_kl;
};

struct MethodFigures {
  std::vector<PointFigures> points;  // Parallel to Method::points.
  // Parallel to kDrops; empty without a reference.
  std::vector<BytesNeeded> bytes_at_drops;
};

inline constexpr int kNumResamples = 1000;

// With its 95 % bootstrap interval, in percent; absent where BD-rate is
// undefined, or was in more than a tenth of the resamples.
struct BdRateFigure {
  BdRate rate;
  std::optional<Interval> interval;
};

// A learned method against another one, by indices into Evaluation::methods.
struct PairFigures {
  size_t method = 0;
  size_t anchor = 0;
  BdRateFigure on_top1;  // rate.interval: top-1, fractions.
  BdRateFigure on_kl;    // rate.interval: KL, nats.
};

struct EvaluationFigures {
  std::optional<Reference> reference;
  std::optional<PointFigures> teacher;
  std::vector<PointFigures> uncompressed;  // As Evaluation::uncompressed.
  std::vector<MethodFigures> methods;      // As Evaluation::methods.
  // Every learned method against every other method, in the methods' order.
  std::vector<PairFigures> pairs;
};

// Resamples the pictures kNumResamples times, with a fixed seed: the same
// evaluation has the same figures. Takes about a second for 80 points and 1000
// pictures. REQUIRES: every point's outcomes are parallel to the pictures,
// which have pixels.
EvaluationFigures MakeFigures(const Evaluation& evaluation);

// What a figure means, for a report's reader.
struct Definition {
  std::string term;
  std::string text;
};
std::vector<Definition> FigureDefinitions();

}  // namespace sluice::train
