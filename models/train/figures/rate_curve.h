// A method's bytes as a function of quality, and BD-rate between two of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/train/figures/monotone_cubic.h"

namespace sluice::train {

struct Interval {
  double low = 0.0;
  double high = 0.0;

  double length() const { return high - low; }
};

// More quality is better: top-1, mAP@0.5, mIoU, or -log KL.
struct CurvePoint {
  double quality = 0.0;
  double bytes = 0.0;
};

// What a quality costs.
struct BytesNeeded {
  enum class Kind {
    kInterpolated,  // `bytes` on the curve.
    kAtMost,        // Even the cheapest point is better; `bytes` are its.
    kOutOfReach,    // No point is that good; `bytes` is 0.
  };
  Kind kind = Kind::kOutOfReach;
  double bytes = 0.0;
};

// Log bytes over quality, by PCHIP on the monotone envelope: a point that
// costs as much as another or more, for no more quality, is dropped. So both
// rise strictly along the curve.
class RateCurve {
 public:
  // In any order. Points that are not finite, or have no bytes, are dropped.
  explicit RateCurve(std::vector<CurvePoint> points);

  // Points of the envelope.
  size_t size() const;
  // From the worst quality to the best. REQUIRES: size() > 0.
  Interval range() const;

  // Those of the envelope, ends included.
  size_t CountWithin(const Interval& interval) const;
  BytesNeeded BytesFor(double quality) const;
  // The mean of log bytes over an interval of qualities.
  // REQUIRES: it has a length and lies in range().
  double MeanLogBytes(const Interval& interval) const;

 private:
  std::optional<MonotoneCubic> log_bytes_;  // Over quality; none: no points.
};

// The change of bytes at equal quality, in percent: -50 is half of the
// anchor's. exp(mean over `interval` of log method bytes - log anchor bytes)
// - 1 (Bjontegaard, VCEG-M33).
struct BdRate {
  std::optional<double> percent;  // None: undefined, ...
  std::string undefined;          // ... and why.
  Interval interval = {};         // Of qualities, in common; may be empty.
  size_t method_points = 0;       // Of each curve within the interval.
  size_t anchor_points = 0;
};

// The smallest share of the wanted interval that both curves must cover, so
// that a figure does not stand for qualities that were hardly measured.
inline constexpr double kMinSharedFraction = 0.25;
// Each curve needs so many points within the interval: with one, every slope
// in it would come from what lies outside.
inline constexpr size_t kMinPointsWithin = 2;

// What reports want: drops of quality below the uncompressed answers, and KL to
// the teacher in nats.
inline constexpr Interval kWantedDrops = {0.05, 0.20};
inline constexpr Interval kWantedKl = {0.1, 1.0};

// Over the qualities that both curves reach within `wanted`.
// REQUIRES: `wanted` has a length.
BdRate ComputeBdRate(const RateCurve& method, const RateCurve& anchor,
                     const Interval& wanted);

}  // namespace sluice::train
