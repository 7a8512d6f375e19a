#include "models/train/figures/rate_curve.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

namespace sluice::train {
namespace {

// Qualities this close are the same: 0.8 - 0.01 is not quite 0.79.
constexpr double kRounding = 1e-9;

bool IsMeasured(const CurvePoint& point) {
  return std::isfinite(point.quality) && std::isfinite(point.bytes) &&
         point.bytes > 0.0;
}

// Cheapest first; of those that cost the same, the best first.
bool IsCheaper(const CurvePoint& a, const CurvePoint& b) {
  return a.bytes != b.bytes ? a.bytes < b.bytes : a.quality > b.quality;
}

std::string TooFew(std::string_view curve, size_t num_points,
                   std::string_view where) {
  return absl::StrFormat("the %s has %d %s %s, %d are needed", curve,
                         num_points, num_points == 1 ? "point" : "points",
                         where, kMinPointsWithin);
}

// Why there is no figure, or nothing when there is one.
std::string WhyUndefined(const RateCurve& method, const RateCurve& anchor,
                         const Interval& wanted, const BdRate& found) {
  for (const auto& [name, curve] :
       {std::pair("method", &method), std::pair("anchor", &anchor)}) {
    if (curve->size() < kMinPointsWithin) {
      return TooFew(name, curve->size(), "on its curve");
    }
  }
  const double shared = found.interval.length() / wanted.length();
  if (shared <= 0.0) {
    return "the curves have no part of the wanted interval in common";
  }
  if (shared < kMinSharedFraction) {
    return absl::StrFormat(
        "the curves have %.0f %% of the wanted interval in common, %.0f %% are "
        "needed",
        std::floor(100.0 * shared), 100.0 * kMinSharedFraction);
  }
  for (const auto& [name, num_points] :
       {std::pair("method", found.method_points),
        std::pair("anchor", found.anchor_points)}) {
    if (num_points < kMinPointsWithin) {
      return TooFew(name, num_points, "in the common interval");
    }
  }
  return "";
}

// What both curves have of `wanted`; empty if that is nothing.
Interval CommonInterval(const RateCurve& method, const RateCurve& anchor,
                        const Interval& wanted) {
  if (method.size() == 0 || anchor.size() == 0) return {};
  const Interval a = method.range();
  const Interval b = anchor.range();
  const Interval common = {std::max({a.low, b.low, wanted.low}),
                           std::min({a.high, b.high, wanted.high})};
  return common.length() > 0.0 ? common : Interval{};
}

}  // namespace

RateCurve::RateCurve(std::vector<CurvePoint> points) {
  std::erase_if(points, [](const CurvePoint& p) { return !IsMeasured(p); });
  std::sort(points.begin(), points.end(), IsCheaper);
  std::vector<double> quality;
  std::vector<double> log_bytes;
  for (const CurvePoint& point : points) {
    if (!quality.empty() && point.quality <= quality.back()) continue;
    quality.push_back(point.quality);
    log_bytes.push_back(std::log(point.bytes));
  }
  if (quality.empty()) return;
  log_bytes_.emplace(std::move(quality), std::move(log_bytes));
}

size_t RateCurve::size() const {
  return log_bytes_.has_value() ? log_bytes_->x().size() : 0;
}

Interval RateCurve::range() const {
  return {log_bytes_->x().front(), log_bytes_->x().back()};
}

size_t RateCurve::CountWithin(const Interval& interval) const {
  if (size() == 0) return 0;
  return std::count_if(log_bytes_->x().begin(), log_bytes_->x().end(),
                       [&interval](double quality) {
                         return quality >= interval.low - kRounding &&
                                quality <= interval.high + kRounding;
                       });
}

BytesNeeded RateCurve::BytesFor(double quality) const {
  if (size() == 0 || !(quality <= range().high + kRounding)) return {};
  const double clamped = std::clamp(quality, range().low, range().high);
  return {quality < range().low - kRounding ? BytesNeeded::Kind::kAtMost
                                            : BytesNeeded::Kind::kInterpolated,
          std::exp(log_bytes_->At(clamped))};
}

double RateCurve::MeanLogBytes(const Interval& interval) const {
  return log_bytes_->Integral(interval.low, interval.high) / interval.length();
}

BdRate ComputeBdRate(const RateCurve& method, const RateCurve& anchor,
                     const Interval& wanted) {
  BdRate result;
  result.interval = CommonInterval(method, anchor, wanted);
  result.method_points = method.CountWithin(result.interval);
  result.anchor_points = anchor.CountWithin(result.interval);
  result.undefined = WhyUndefined(method, anchor, wanted, result);
  if (!result.undefined.empty()) return result;
  result.percent = 100.0 * std::expm1(method.MeanLogBytes(result.interval) -
                                      anchor.MeanLogBytes(result.interval));
  return result;
}

}  // namespace sluice::train
