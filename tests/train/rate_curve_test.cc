#include "models/train/figures/rate_curve.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Interval kWanted = {0.5, 0.7};

std::vector<CurvePoint> Points() {
  return {{0.4, 500}, {0.52, 1000}, {0.6, 1700}, {0.67, 3500}, {0.72, 9000}};
}

std::vector<CurvePoint> TimesBytes(std::vector<CurvePoint> points,
                                   double factor) {
  for (CurvePoint& point : points) point.bytes *= factor;
  return points;
}

void ExpectUndefined(const BdRate& rate, const std::string& why) {
  EXPECT_FALSE(rate.percent.has_value());
  EXPECT_THAT(rate.undefined, HasSubstr(why));
  EXPECT_TRUE(std::isfinite(rate.interval.low));
  EXPECT_TRUE(std::isfinite(rate.interval.high));
}

TEST(RateCurveTest, DropsWhatCostsMoreForNoMore) {
  const RateCurve curve({{0.5, 100},
                         {0.45, 150},
                         {0.5, 160},
                         {0.6, 200},
                         {0.59, 200},
                         {0.7, 400}});
  EXPECT_EQ(curve.size(), 3u);
  EXPECT_EQ(curve.CountWithin({0.5, 0.6}), 2u);
  EXPECT_NEAR(curve.BytesFor(0.6).bytes, 200, 1e-9);
}

TEST(RateCurveTest, OrderOfPointsDoesNotMatter) {
  std::vector<CurvePoint> points = Points();
  const double bytes = RateCurve(points).BytesFor(0.63).bytes;
  std::swap(points[0], points[3]);
  std::swap(points[1], points[4]);
  EXPECT_EQ(RateCurve(points).BytesFor(0.63).bytes, bytes);
}

TEST(RateCurveTest, DropsWhatWasNotMeasured) {
  EXPECT_EQ(RateCurve({{kNan, 100}, {kInfinity, 100}}).size(), 0u);
  EXPECT_EQ(RateCurve({{0.5, 0}, {0.5, kNan}, {0.5, kInfinity}}).size(), 0u);
}

TEST(RateCurveTest, TwoPointsInterpolateLogBytes) {
  const RateCurve curve({{0.5, 100}, {0.7, 400}});
  const BytesNeeded needed = curve.BytesFor(0.6);
  EXPECT_EQ(needed.kind, BytesNeeded::Kind::kInterpolated);
  EXPECT_NEAR(needed.bytes, 200, 1e-9);
}

TEST(RateCurveTest, AWorseQualityThanTheCheapestCostsAtMostThat) {
  const BytesNeeded needed = RateCurve(Points()).BytesFor(0.1);
  EXPECT_EQ(needed.kind, BytesNeeded::Kind::kAtMost);
  EXPECT_NEAR(needed.bytes, 500, 1e-9);
}

TEST(RateCurveTest, NothingIsExtrapolatedBeyondTheBest) {
  const RateCurve curve(Points());
  EXPECT_EQ(curve.BytesFor(0.72).kind, BytesNeeded::Kind::kInterpolated);
  EXPECT_EQ(curve.BytesFor(0.7201).kind, BytesNeeded::Kind::kOutOfReach);
  EXPECT_EQ(curve.BytesFor(0.7201).bytes, 0.0);
  EXPECT_EQ(curve.BytesFor(kNan).kind, BytesNeeded::Kind::kOutOfReach);
}

TEST(RateCurveTest, RoundingDoesNotPutAPointOutOfReach) {
  const RateCurve curve({{0.5, 100}, {0.7, 400}});
  ASSERT_GT(0.8 - 0.1, 0.7);
  EXPECT_EQ(curve.BytesFor(0.8 - 0.1).kind, BytesNeeded::Kind::kInterpolated);
  EXPECT_NEAR(curve.BytesFor(0.8 - 0.1).bytes, 400, 1e-9);
  EXPECT_EQ(curve.CountWithin({0.8 - 0.1, 0.9}), 1u);
}

TEST(RateCurveTest, NoPointsReachNothing) {
  const RateCurve curve({});
  EXPECT_EQ(curve.size(), 0u);
  EXPECT_EQ(curve.CountWithin({0, 1}), 0u);
  EXPECT_EQ(curve.BytesFor(0.5).kind, BytesNeeded::Kind::kOutOfReach);
}

TEST(BdRateTest, ACurveAgainstItselfIsZero) {
  const RateCurve curve(Points());
  const BdRate rate = ComputeBdRate(curve, curve, kWanted);
  EXPECT_EQ(rate.percent, 0.0);
  EXPECT_EQ(rate.undefined, "");
  EXPECT_EQ(rate.interval.low, 0.5);
  EXPECT_EQ(rate.interval.high, 0.7);
  EXPECT_EQ(rate.method_points, 3u);
  EXPECT_EQ(rate.anchor_points, 3u);
}

TEST(BdRateTest, HalvedBytesAreMinusFifty) {
  const RateCurve anchor(Points());
  const RateCurve method(TimesBytes(Points(), 0.5));
  EXPECT_NEAR(*ComputeBdRate(method, anchor, kWanted).percent, -50.0, 1e-9);
  EXPECT_NEAR(*ComputeBdRate(anchor, method, kWanted).percent, 100.0, 1e-9);
}

TEST(BdRateTest, MatchesAMeanWorkedByHand) {
  // Log bytes differ by log 2 at 0.5, by log 8 at 0.7, linearly between: the
  // mean factor is 4.
  const RateCurve method({{0.5, 200}, {0.7, 3200}});
  const RateCurve anchor({{0.5, 100}, {0.7, 400}});
  EXPECT_NEAR(*ComputeBdRate(method, anchor, kWanted).percent, 300.0, 1e-9);
}

TEST(BdRateTest, DroppedPointsDoNotMoveIt) {
  std::vector<CurvePoint> points = Points();
  points.push_back({0.58, 2500});
  points.push_back({0.52, 1200});
  EXPECT_EQ(
      ComputeBdRate(RateCurve(points), RateCurve(Points()), kWanted).percent,
      0.0);
}

TEST(BdRateTest, IsOverWhatBothCurvesReach) {
  const RateCurve method({{0.55, 100}, {0.6, 200}, {0.8, 400}});
  const RateCurve anchor({{0.3, 100}, {0.6, 300}, {0.65, 700}});
  const BdRate rate = ComputeBdRate(method, anchor, kWanted);
  ASSERT_TRUE(rate.percent.has_value());
  EXPECT_EQ(rate.interval.low, 0.55);
  EXPECT_EQ(rate.interval.high, 0.65);
  EXPECT_EQ(rate.method_points, 2u);
  EXPECT_EQ(rate.anchor_points, 2u);
}

TEST(BdRateTest, CurvesApartAreUndefined) {
  const RateCurve low({{0.3, 100}, {0.4, 200}, {0.55, 300}});
  const RateCurve high({{0.6, 100}, {0.65, 200}, {0.7, 300}});
  ExpectUndefined(ComputeBdRate(low, high, kWanted), "in common");
  EXPECT_EQ(ComputeBdRate(low, high, kWanted).interval.length(), 0.0);
}

TEST(BdRateTest, CurvesOutsideTheWantedIntervalAreUndefined) {
  const RateCurve curve({{0.71, 100}, {0.75, 200}, {0.8, 300}});
  ExpectUndefined(ComputeBdRate(curve, curve, kWanted),
                  "no part of the wanted interval");
}

TEST(BdRateTest, AShortCommonIntervalIsUndefined) {
  const RateCurve curve({{0.665, 100}, {0.68, 200}, {0.7, 300}, {0.75, 400}});
  const BdRate rate = ComputeBdRate(curve, curve, kWanted);
  ExpectUndefined(rate,
                  "have 17 % of the wanted interval in common, 25 % are "
                  "needed");
  EXPECT_NEAR(rate.interval.length(), 0.035, 1e-12);
}

TEST(BdRateTest, OnePointWithinIsUndefined) {
  const RateCurve method({{0.4, 100}, {0.6, 200}, {0.8, 400}});
  ExpectUndefined(ComputeBdRate(method, RateCurve(Points()), kWanted),
                  "the method has 1 point in the common interval");
  ExpectUndefined(ComputeBdRate(RateCurve(Points()), method, kWanted),
                  "the anchor has 1 point in the common interval");
}

TEST(BdRateTest, ACurveOfOnePointIsUndefined) {
  ExpectUndefined(
      ComputeBdRate(RateCurve(Points()), RateCurve({{0.6, 100}}), kWanted),
      "the anchor has 1 point on its curve, 2 are needed");
}

TEST(BdRateTest, NoPointsAreUndefined) {
  ExpectUndefined(ComputeBdRate(RateCurve({}), RateCurve(Points()), kWanted),
                  "the method has 0 points on its curve");
}

}  // namespace
}  // namespace sluice::train
