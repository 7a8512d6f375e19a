#include "models/train/report/plot_axis.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Labels(const PlotAxis& axis) {
  std::vector<std::string> labels;
  for (const AxisTick& tick : axis.Ticks()) {
    if (!tick.label.empty()) labels.push_back(tick.label);
  }
  return labels;
}

TEST(PlotAxisTest, LinearPositionsAreProportional) {
  const PlotAxis axis(AxisScale::kLinear, {50, 80}, 400, 100);
  EXPECT_DOUBLE_EQ(axis.Position(50), 400);
  EXPECT_DOUBLE_EQ(axis.Position(60), 300);
  EXPECT_DOUBLE_EQ(axis.Position(80), 100);
}

TEST(PlotAxisTest, LogPositionsAreProportionalToRatios) {
  const PlotAxis axis(AxisScale::kLog, {100, 10000}, 0, 200);
  EXPECT_DOUBLE_EQ(axis.Position(100), 0);
  EXPECT_DOUBLE_EQ(axis.Position(1000), 100);
  EXPECT_DOUBLE_EQ(axis.Position(10000), 200);
}

TEST(PlotAxisTest, LogTicksAreLabelledWhereThereIsRoom) {
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLog, {700, 6000}, 0, 700)),
              ElementsAre("700", "1,000", "2,000", "3,000", "5,000"));
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLog, {0.02, 3}, 0, 700)),
              ElementsAre("0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"));
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLog, {1, 1e5}, 0, 700)),
              ElementsAre("1", "10", "100", "1,000", "10,000", "100,000"));
}

TEST(PlotAxisTest, LinearTicksAreRound) {
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLinear, {48, 79}, 0, 1)),
              ElementsAre("50", "60", "70"));
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLinear, {0, 0.5}, 0, 1)),
              ElementsAre("0.0", "0.1", "0.2", "0.3", "0.4", "0.5"));
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLinear, {-4, 4}, 0, 1)),
              ElementsAre("−4", "−2", "0", "2", "4"));
}

TEST(PlotAxisTest, ShortLogRangesHaveLinearTicks) {
  EXPECT_THAT(Labels(PlotAxis(AxisScale::kLog, {1010, 1290}, 0, 1)),
              ElementsAre("1,050", "1,100", "1,150", "1,200", "1,250"));
}

TEST(PlotAxisTest, AnEmptyRangeIsWidened) {
  for (const double value : {-3.0, 0.0, 5.0}) {
    const PlotAxis axis(AxisScale::kLinear, {value, value}, 0, 100);
    EXPECT_DOUBLE_EQ(axis.Position(value), 50);
    EXPECT_THAT(axis.Ticks(), Not(IsEmpty()));
  }
  const PlotAxis axis(AxisScale::kLog, {2000, 2000}, 0, 100);
  EXPECT_DOUBLE_EQ(axis.Position(2000), 50);
}

TEST(PlotAxisTest, CannotShowWhatIsNotANumberOrNotOnTheScale) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const AxisScale scale : {AxisScale::kLinear, AxisScale::kLog}) {
    EXPECT_FALSE(PlotAxis::CanShow(scale, nan));
    EXPECT_FALSE(PlotAxis::CanShow(scale, infinity));
    EXPECT_FALSE(PlotAxis::CanShow(scale, 1e200));
  }
  EXPECT_FALSE(PlotAxis::CanShow(AxisScale::kLog, 0));
  EXPECT_FALSE(PlotAxis::CanShow(AxisScale::kLog, -1));
  EXPECT_TRUE(PlotAxis::CanShow(AxisScale::kLinear, -1));
}

TEST(PlotAxisTest, FarAwayValuesStayNearTheDrawing) {
  const PlotAxis axis(AxisScale::kLinear, {0, 1e-9}, 0, 100);
  EXPECT_DOUBLE_EQ(axis.Position(1e100), 1e4);
  EXPECT_DOUBLE_EQ(axis.Position(-1e100), -1e4);
}

TEST(PlotAxisTest, HugeAndTinyRangesHaveFewTicks) {
  EXPECT_LE(PlotAxis(AxisScale::kLinear, {-1e100, 1e100}, 0, 1).Ticks().size(),
            20u);
  EXPECT_LE(
      PlotAxis(AxisScale::kLinear, {1e17, 1e17 + 32}, 0, 1).Ticks().size(),
      20u);
}

}  // namespace
}  // namespace sluice::train
