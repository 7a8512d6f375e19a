#include "models/train/report/svg_plot.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/report/markup.h"
#include "models/train/report/plot_labels.h"

namespace sluice::train {
namespace {

constexpr double kWidth = 760;
constexpr double kPlotHeight = 400;
constexpr double kLeft = 58;
constexpr double kRight = 14;
constexpr double kBottom = 48;
constexpr double kPlotWidth = kWidth - kLeft - kRight;
constexpr double kRowHeight = 21;  // Of the legend.
constexpr double kKeyWidth = 26;
constexpr double kLabelHeight = 13;
constexpr double kPadding = 0.03;  // Share of an axis kept free at its ends.

// A guess that suits sans-serif fonts of 12 units: nothing here can measure.
double TextWidth(std::string_view text, SeriesWeight weight) {
  double width = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues) width += c >= 'A' && c <= 'Z' ? 8.2 : 6.4;
  }
  return weight == SeriesWeight::kStrong ? width * 1.06 : width;
}

std::string Text(const PlotPosition& at, std::string_view attributes,
                 std::string_view text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", at.x,
                         at.y, std::string(attributes), EscapeMarkup(text));
}

std::string NameAttributes(const PlotSeries& series) {
  const bool strong = series.style.weight() == SeriesWeight::kStrong;
  return absl::StrCat("fill=\"", std::string(series.style.colour()), "\"",
                      strong ? " font-weight=\"700\"" : "");
}

bool IsUsable(const PlotScale& scale) {
  return scale.limits.has_value() &&
         PlotAxis::CanShow(scale.scale, scale.limits->lo) &&
         PlotAxis::CanShow(scale.scale, scale.limits->hi) &&
         scale.limits->lo <= scale.limits->hi;
}

// The limits, or the extent of the values that can be shown, or 1..10 without
// any.
class Extent {
 public:
  explicit Extent(const PlotScale& scale) : scale_(scale) {}

  void Add(double value) {
    if (PlotAxis::CanShow(scale_.scale, value)) Include(value, range_);
  }
  PlotAxis ToAxis(double first, double last) const {
    return PlotAxis(
        scale_.scale,
        IsUsable(scale_) ? *scale_.limits : range_.value_or(ValueRange{1, 10}),
        first, last);
  }

 private:
  const PlotScale& scale_;
  std::optional<ValueRange> range_;
};

PlotAxis MakeXAxis(const LinePlot& plot) {
  Extent extent(plot.x);
  for (const PlotSeries& series : plot.series) {
    for (const PlotPoint& point : series.points) extent.Add(point.x);
  }
  return extent.ToAxis(kPadding * kPlotWidth, (1 - kPadding) * kPlotWidth);
}

PlotAxis MakeYAxis(const LinePlot& plot) {
  Extent extent(plot.y);
  for (const PlotSeries& series : plot.series) {
    for (const PlotPoint& point : series.points) {
      extent.Add(point.y);
      if (!point.y_interval.has_value()) continue;
      extent.Add(point.y_interval->lo);
      extent.Add(point.y_interval->hi);
    }
  }
  for (const ReferenceLine& line : plot.reference_lines) extent.Add(line.y);
  return extent.ToAxis((1 - kPadding) * kPlotHeight, kPadding * kPlotHeight);
}

// Everything below is in units of the plot's own area, y downwards.
class PlotDrawing {
 public:
  explicit PlotDrawing(const LinePlot& plot)
      : plot_(plot), x_(MakeXAxis(plot)), y_(MakeYAxis(plot)) {
    for (const SeriesWeight weight :
         {SeriesWeight::kNormal, SeriesWeight::kStrong}) {
      for (const PlotSeries& series : plot.series) {
        if (series.style.weight() == weight) back_to_front_.push_back(&series);
      }
    }
  }

  std::string Grid() const;
  std::string Lines() const;
  std::string Markers() const;
  std::string Names() const;

 private:
  struct Name {
    std::string text;
    std::string attributes;
  };

  bool CanShow(double x, double y) const {
    return PlotAxis::CanShow(plot_.x.scale, x) &&
           PlotAxis::CanShow(plot_.y.scale, y);
  }
  bool IsInside(const PlotPoint& point) const {
    return CanShow(point.x, point.y) && x_.Contains(point.x) &&
           y_.Contains(point.y);
  }
  PlotPosition At(const PlotPoint& point) const {
    return {x_.Position(point.x), y_.Position(point.y)};
  }
  std::vector<PlotPosition> InsidePositions(const PlotSeries& series) const {
    std::vector<PlotPosition> positions;
    for (const PlotPoint& point : series.points) {
      if (IsInside(point)) positions.push_back(At(point));
    }
    return positions;
  }

  const LinePlot& plot_;
  const PlotAxis x_;
  const PlotAxis y_;
  std::vector<const PlotSeries*> back_to_front_;
};

std::string PlotDrawing::Grid() const {
  std::string lines;
  std::string labels;
  const auto stroke = [](const AxisTick& tick) {
    return tick.label.empty() ? "#f3f3f3" : "#e2e2e2";
  };
  for (const AxisTick& tick : x_.Ticks()) {
    const double x = x_.Position(tick.value);
    absl::StrAppendFormat(&lines, "<path d=\"M%.1f 0V%.0f\" stroke=\"%s\"/>", x,
                          kPlotHeight, stroke(tick));
    labels += Text({x, kPlotHeight + 17}, "text-anchor=\"middle\"", tick.label);
  }
  for (const AxisTick& tick : y_.Ticks()) {
    const double y = y_.Position(tick.value);
    absl::StrAppendFormat(&lines, "<path d=\"M0 %.1fH%.0f\" stroke=\"%s\"/>", y,
                          kPlotWidth, stroke(tick));
    labels += Text({-7, y + 4}, "text-anchor=\"end\"", tick.label);
  }
  const std::string frame = absl::StrFormat(
      "<path d=\"M0 0V%.0fH%.0f\" fill=\"none\" stroke=\"#888\"/>\n",
      kPlotHeight, kPlotWidth);
  return absl::StrCat(
      lines, "\n", frame, labels,
      Text({kPlotWidth / 2, kPlotHeight + 38}, "text-anchor=\"middle\"",
           plot_.x.title),
      Text({-kPlotHeight / 2, -44},
           "text-anchor=\"middle\" transform=\"rotate(-90)\"", plot_.y.title));
}

std::string PlotDrawing::Lines() const {
  // An <svg> of its own clips what leaves the plot.
  std::string svg = absl::StrFormat(
      "<svg width=\"%.0f\" height=\"%.0f\" overflow=\"hidden\">\n", kPlotWidth,
      kPlotHeight);
  for (const ReferenceLine& line : plot_.reference_lines) {
    if (!PlotAxis::CanShow(plot_.y.scale, line.y)) continue;
    absl::StrAppendFormat(&svg,
                          "<path d=\"M0 %.1fH%.0f\" stroke=\"#222\" "
                          "stroke-dasharray=\"5 4\"/>\n",
                          y_.Position(line.y), kPlotWidth);
  }
  for (const PlotSeries* series : back_to_front_) {
    std::vector<PlotPosition> positions;
    for (const PlotPoint& point : series->points) {
      if (!CanShow(point.x, point.y)) continue;
      positions.push_back(At(point));
      const auto& bar = point.y_interval;
      if (!bar.has_value() || !CanShow(point.x, bar->lo) ||
          !CanShow(point.x, bar->hi)) {
        continue;
      }
      absl::StrAppend(
          &svg, series->style.Bar(positions.back().x, y_.Position(bar->hi),
                                  y_.Position(bar->lo)));
    }
    if (positions.size() > 1)
      absl::StrAppend(&svg, series->style.Line(positions), "\n");
  }
  return svg + "</svg>\n";
}

std::string PlotDrawing::Markers() const {
  std::string svg;
  for (const PlotSeries* series : back_to_front_) {
    for (const PlotPoint& point : series->points) {
      if (!IsInside(point)) continue;
      absl::StrAppend(&svg, series->style.Marker(At(point), point.tooltip),
                      "\n");
    }
  }
  return svg;
}

std::string PlotDrawing::Names() const {
  std::vector<LabelledLine> lines;
  std::vector<Name> names;
  for (const ReferenceLine& line : plot_.reference_lines) {
    if (!PlotAxis::CanShow(plot_.y.scale, line.y) || !y_.Contains(line.y)) {
      continue;
    }
    const double y = y_.Position(line.y);
    lines.push_back({{{kPlotWidth, y}, {kLabelHeight, y}},
                     TextWidth(line.label, SeriesWeight::kNormal),
                     kLabelHeight});
    names.push_back({line.label, "fill=\"#222\""});
  }
  for (auto it = back_to_front_.rbegin(); it != back_to_front_.rend(); ++it) {
    const PlotSeries& series = **it;
    lines.push_back({InsidePositions(series),
                     TextWidth(series.name, series.style.weight()),
                     kLabelHeight});
    names.push_back({series.name, NameAttributes(series)});
  }
  const std::vector<std::optional<PlotBox>> boxes =
      PlaceLabels(lines, {3, 3, kPlotWidth - 6, kPlotHeight - 6});
  std::string svg =
      "<g paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\" "
      "stroke-linejoin=\"round\">\n";
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (!boxes[i].has_value()) continue;
    const double centre = boxes[i]->left + boxes[i]->width / 2;
    svg += Text({centre, boxes[i]->top + 10.5},
                names[i].attributes + " text-anchor=\"middle\"", names[i].text);
  }
  return svg + "</g>\n";
}

// Keys and names in rows; `num_rows` is how many they take.
std::string Legend(const std::vector<PlotSeries>& all, int* num_rows) {
  std::string svg;
  double x = kLeft;
  *num_rows = 1;
  for (const PlotSeries& series : all) {
    const double width =
        kKeyWidth + 6 + TextWidth(series.name, series.style.weight());
    if (x > kLeft && x + width > kWidth - kRight) {
      x = kLeft;
      ++*num_rows;
    }
    const double y = kRowHeight * *num_rows - 9;
    absl::StrAppendFormat(&svg, "<g transform=\"translate(%.1f %.1f)\">%s</g>",
                          x, y - 10, SeriesKeyToSvg(series.style));
    svg += Text({x + kKeyWidth + 6, y}, NameAttributes(series), series.name);
    x += width + 18;
  }
  return svg;
}

}  // namespace

std::string LinePlotToSvg(const LinePlot& plot) {
  int num_rows = 0;
  const std::string legend = Legend(plot.series, &num_rows);
  const double top = kRowHeight * num_rows + 6;
  const PlotDrawing drawing(plot);
  return absl::StrCat(
      absl::StrFormat(
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
          "role=\"img\" aria-label=\"%s\" font-size=\"12\" fill=\"#333\" "
          "font-family=\"-apple-system,Segoe UI,Roboto,Helvetica Neue,Noto "
          "Sans,Liberation Sans,Arial,sans-serif\">\n",
          kWidth, top + kPlotHeight + kBottom, EscapeMarkup(plot.title)),
      legend,
      absl::StrFormat("<g transform=\"translate(%.0f %.0f)\">\n", kLeft, top),
      drawing.Grid(), drawing.Lines(), drawing.Markers(), drawing.Names(),
      "</g>\n</svg>\n");
}

}  // namespace sluice::train
