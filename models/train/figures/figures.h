// The figures of an evaluation: everything that its reports print beside what
// was measured.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/train/figures/evaluation.h"
#include "models/train/figures/point_quality.h"
#include "models/train/figures/rate_curve.h"

namespace sluice::train {

// What drops are measured down from: the teacher or, without one, the best
// uncompressed answer.
struct Reference {
  std::string name;  // "teacher", "pixel entrance of patch-m".
  double quality = 0.0;
  std::vector<ClassFigures> classes;  // As PointFigures'.
};

// Drops of quality from the reference at which bytes are stated.
inline constexpr std::array<double, 5> kDrops = {0.01, 0.02, 0.03, 0.05, 0.10};

// Of one operating point. Qualities are in 0..1; intervals are 95 % bootstrap
// intervals, absent without pictures.
struct PointFigures {
  double mean_bytes = 0.0;  // 0: not compressed.
  double p95_bytes = 0.0;
  double bpp = 0.0;      // 8 * bytes / pixels, mean over pictures.
  double quality = 0.0;  // The task's: WordsOf(task).quality.
  std::optional<Interval> quality_interval;
  std::optional<double> top1_standard_error;  // sqrt(p (1 - p) / n).
  std::vector<double> others;                 // WordsOf(task).others.
  std::vector<ClassFigures> classes;          // Of Evaluation::class_names.
  std::optional<double> drop;                 // reference - quality; with one.
  std::optional<Interval> drop_interval;      // Paired: on the same pictures.
  // Nats, of other answers than the teacher's; with a teacher, if finite.
  std::optional<double> mean_kl;
};

struct MethodFigures {
  std::vector<PointFigures> points;  // Parallel to Method::points.
  // Parallel to kDrops; empty without a reference.
  std::vector<BytesNeeded> bytes_at_drops;
};

inline constexpr int kNumResamples = 1000;
// A bootstrap interval of a BD-rate that is rarely defined would be one of the
// resamples that happen to define it.
inline constexpr double kMinDefinedFraction = 0.9;

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
  BdRateFigure on_quality;  // rate.interval: in 0..1.
  BdRateFigure on_kl;       // rate.interval: KL, nats.
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
// evaluation has the same figures. For 80 points and 1000 pictures that takes
// about a second, of a detection of 30 classes ten. REQUIRES: every point's
// outcomes, and what else its task has, are parallel to the pictures, which
// have pixels; classes are those of class_names.
EvaluationFigures MakeFigures(const Evaluation& evaluation);

// Those of the learned method's usual setting; null when it was not measured.
const PointFigures* UsualPoint(const Method& method,
                               const MethodFigures& figures);

}  // namespace sluice::train
