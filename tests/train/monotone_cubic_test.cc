#include "models/train/figures/monotone_cubic.h"

#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::train {
namespace {

TEST(MonotoneCubicTest, MatchesACurveWorkedByHand) {
  // Widths 1, 2, 1 and secants 1, 1/2, 4 give slopes 7/6, 9/13, 36/37, 31/6.
  const MonotoneCubic curve({0, 1, 3, 4}, {0, 1, 2, 6});
  EXPECT_NEAR(curve.At(0.5), 0.5 + (7.0 / 6 - 9.0 / 13) / 8, 1e-14);
  EXPECT_NEAR(curve.At(2.0), 1.5 + 2 * (9.0 / 13 - 36.0 / 37) / 8, 1e-14);
  EXPECT_NEAR(curve.At(3.5), 4.0 + (36.0 / 37 - 31.0 / 6) / 8, 1e-14);
}

// The documented example of NAG's e01bec, which SciPy's PchipInterpolator
// reproduces, to the four digits printed there.
TEST(MonotoneCubicTest, MatchesThePublishedExample) {
  const MonotoneCubic curve(
      {7.99, 8.09, 8.19, 8.70, 9.20, 10.0, 12.0, 15.0, 20.0},
      {0.0, 0.27643e-4, 0.43750e-1, 0.16918, 0.46943, 0.94374, 0.99864, 0.99992,
       0.99999});
  for (const auto& [x, y] :
       std::vector<std::pair<double, double>>{{7.99, 0.0},
                                              {9.191, 0.4640},
                                              {10.392, 0.9645},
                                              {11.593, 0.9965},
                                              {12.794, 0.9992},
                                              {13.995, 0.9998},
                                              {15.196, 0.9999},
                                              {20.0, 1.0}}) {
    EXPECT_NEAR(curve.At(x), y, 5e-5) << x;
  }
}

TEST(MonotoneCubicTest, PassesThroughItsPoints) {
  const MonotoneCubic curve({0.5, 0.61, 0.62, 0.9}, {7.0, 7.5, 9.0, 9.1});
  for (size_t i = 0; i < curve.x().size(); ++i) {
    EXPECT_NEAR(curve.At(curve.x()[i]), curve.y()[i], 1e-12);
  }
}

TEST(MonotoneCubicTest, NeverTurnsBackBetweenRisingPoints) {
  const MonotoneCubic curve({0, 1, 1.01, 5, 6}, {0, 0.01, 9, 9.001, 20});
  double last = curve.At(0.0);
  for (int i = 1; i <= 6000; ++i) {
    const double value = curve.At(i / 1000.0);
    EXPECT_GE(value, last - 1e-12) << i;
    last = value;
  }
}

TEST(MonotoneCubicTest, IsFlatAtAnExtremum) {
  const MonotoneCubic curve({0, 1, 2}, {0, 1, 0});
  EXPECT_NEAR(curve.At(1.0), 1.0, 1e-15);
  EXPECT_LT(curve.At(0.999), 1.0);
  EXPECT_LT(curve.At(1.001), 1.0);
  // End slopes 2 and -2, inner slope 0: 1/2 + 2/12 in either piece.
  EXPECT_NEAR(curve.Integral(0, 2), 2 * (0.5 + 2.0 / 12), 1e-14);
}

TEST(MonotoneCubicTest, AnEndThatWouldOvershootIsLimited) {
  // Parabola's slope at 0: (3 * 1 - 1 * -8) / 2 = 5.5, limited to 3 secants.
  const MonotoneCubic curve({0, 1, 2}, {0, 1, -7});
  EXPECT_NEAR(curve.At(0.5), 0.5 + 3.0 / 8, 1e-14);
}

TEST(MonotoneCubicTest, AnEndThatWouldRunBackwardsIsFlat) {
  // Parabola's slope at 0: (3 * 1 - 9) / 2 < 0, against a rising secant.
  const MonotoneCubic curve({0, 1, 2}, {0, 1, 10});
  const double inner = 2.0 / (1.0 / 1 + 1.0 / 9);
  EXPECT_NEAR(curve.At(0.5), 0.5 - inner / 8, 1e-14);
}

TEST(MonotoneCubicTest, TwoPointsAreALine) {
  const MonotoneCubic curve({1, 3}, {2, 8});
  EXPECT_DOUBLE_EQ(curve.At(1.5), 3.5);
  EXPECT_DOUBLE_EQ(curve.Integral(1, 3), 10.0);
  EXPECT_DOUBLE_EQ(curve.Integral(1.5, 2.5), 5.0);
}

TEST(MonotoneCubicTest, OnePointIsAConstant) {
  const MonotoneCubic curve({1}, {2});
  EXPECT_EQ(curve.At(1), 2.0);
  EXPECT_EQ(curve.Integral(1, 1), 0.0);
}

TEST(MonotoneCubicTest, IntegralIsTheSumOfItsValues) {
  const MonotoneCubic curve({0, 1, 3, 4}, {0, 1, 2, 6});
  const double low = 0.3;
  const double high = 3.7;
  constexpr int kSteps = 100000;
  double sum = 0.0;
  for (int i = 0; i < kSteps; ++i) {
    sum += curve.At(low + (high - low) * (i + 0.5) / kSteps);
  }
  EXPECT_NEAR(curve.Integral(low, high), sum * (high - low) / kSteps, 1e-8);
  EXPECT_NEAR(curve.Integral(low, 1.0) + curve.Integral(1.0, high),
              curve.Integral(low, high), 1e-13);
}

TEST(MonotoneCubicTest, AnIntegralOverNothingIsNothing) {
  const MonotoneCubic curve({0, 1, 3}, {0, 1, 2});
  for (const double at : {0.0, 0.5, 1.0, 3.0}) {
    EXPECT_EQ(curve.Integral(at, at), 0.0) << at;
  }
}

}  // namespace
}  // namespace sluice::train
