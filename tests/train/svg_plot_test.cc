#include "models/train/report/svg_plot.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/train/xml_check.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

LinePlot MakePlot(std::vector<PlotPoint> points) {
  LinePlot plot;
  plot.title = "plot";
  plot.x = {"bytes", AxisScale::kLog, {}};
  plot.y = {"top-1", AxisScale::kLinear, {}};
  plot.series.push_back(
      {"JPEG", SeriesStyle(SeriesWeight::kNormal, 0), std::move(points)});
  return plot;
}

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != text.npos;
       at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

void ExpectSound(const std::string& svg) {
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(SvgPlotTest, DrawsALineMarkersAndTooltips) {
  const std::string svg = LinePlotToSvg(MakePlot(
      {{1000, 50, ValueRange{45, 55}, "first"}, {4000, 70, {}, "second"}}));
  ExpectSound(svg);
  EXPECT_EQ(Count(svg, "<title>"), 2u);
  EXPECT_THAT(svg, HasSubstr("<title>first</title>"));
  EXPECT_THAT(svg, HasSubstr(">JPEG</text>"));
  EXPECT_THAT(svg, HasSubstr(">2,000</text>"));
}

TEST(SvgPlotTest, EscapesEveryString) {
  LinePlot plot = MakePlot({{1000, 50, {}, "<t>&"}});
  plot.title = plot.x.title = plot.y.title = "\"<a>&\"";
  plot.series[0].name = "<n>&";
  plot.reference_lines = {{60, "<r>&"}};
  ExpectSound(LinePlotToSvg(plot));
}

TEST(SvgPlotTest, AnEmptyPlotIsDrawn) {
  ExpectSound(LinePlotToSvg(LinePlot{}));
  ExpectSound(LinePlotToSvg(MakePlot({})));
}

TEST(SvgPlotTest, ASinglePointHasAMarkerAndNoLine) {
  const std::string svg = LinePlotToSvg(MakePlot({{1000, 50, {}, "only"}}));
  ExpectSound(svg);
  EXPECT_THAT(svg, HasSubstr("<title>only</title>"));
  EXPECT_EQ(Count(svg, "<polyline"), 1u);  // The legend's.
}

TEST(SvgPlotTest, WhatCannotBeShownIsLeftOut) {
  const std::string svg = LinePlotToSvg(MakePlot({{0, 10, {}, "zero"},
                                                  {-5, 20, {}, "negative"},
                                                  {kNan, 30, {}, "nobytes"},
                                                  {1000, kInfinity, {}, "far"},
                                                  {1000, 40, {}, "good"}}));
  ExpectSound(svg);
  EXPECT_EQ(Count(svg, "<title>"), 1u);
  EXPECT_THAT(svg, HasSubstr("good"));
}

TEST(SvgPlotTest, AnIntervalThatIsNoNumberHasNoBar) {
  ExpectSound(LinePlotToSvg(
      MakePlot({{1000, 50, ValueRange{kNan, kInfinity}, "point"}})));
}

TEST(SvgPlotTest, ReferenceLinesThatAreNoNumberAreLeftOut) {
  LinePlot plot = MakePlot({{1000, 50, {}, ""}});
  plot.reference_lines = {{kNan, "nowhere"}, {60, "teacher"}};
  const std::string svg = LinePlotToSvg(plot);
  ExpectSound(svg);
  EXPECT_THAT(svg, Not(HasSubstr("nowhere")));
  EXPECT_THAT(svg, HasSubstr("teacher"));
}

TEST(SvgPlotTest, MarkersBeyondTheLimitsAreLeftOut) {
  LinePlot plot = MakePlot({{1000, 5, {}, "below"},
                            {2000, 50, {}, "within"},
                            {9000, 60, {}, "dear"}});
  plot.x.limits = ValueRange{500, 5000};
  plot.y.limits = ValueRange{40, 80};
  const std::string svg = LinePlotToSvg(plot);
  ExpectSound(svg);
  EXPECT_EQ(Count(svg, "<title>"), 1u);
  EXPECT_THAT(svg, HasSubstr("within"));
}

TEST(SvgPlotTest, LimitsThatTheScaleCannotShowAreIgnored) {
  for (const ValueRange limits :
       {ValueRange{0, 5000}, ValueRange{kNan, 1}, ValueRange{5000, 500}}) {
    LinePlot plot = MakePlot({{1000, 50, {}, "shown"}});
    plot.x.limits = limits;
    const std::string svg = LinePlotToSvg(plot);
    ExpectSound(svg);
    EXPECT_THAT(svg, HasSubstr("shown"));
  }
}

TEST(SvgPlotTest, ExtremeValuesStayWithinTheDrawing) {
  ExpectSound(LinePlotToSvg(MakePlot(
      {{1e-300, 1e300, {}, ""}, {1e99, -1e99, {}, ""}, {1, 0, {}, ""}})));
}

TEST(SvgPlotTest, ManySeriesAreInTheLegend) {
  LinePlot plot;
  for (size_t i = 0; i < 25; ++i) {
    plot.series.push_back({"method" + std::to_string(i),
                           SeriesStyle(SeriesWeight::kNormal, i),
                           {{1000, 50, {}, ""}}});
  }
  const std::string svg = LinePlotToSvg(plot);
  ExpectSound(svg);
  for (int i = 0; i < 25; ++i) {
    EXPECT_THAT(svg, HasSubstr(">method" + std::to_string(i) + "</text>"));
  }
}

}  // namespace
}  // namespace sluice::train
