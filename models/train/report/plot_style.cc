#include "models/train/report/plot_style.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/report/markup.h"

namespace sluice::train {
namespace {

constexpr size_t kNumStyles = 10;
using Choices = std::array<std::string_view, kNumStyles>;

// Okabe and Ito's colours, which colour-blind people tell apart, and two more.
constexpr Choices kStrongColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                    "#56b4e9", "#e69f00", "#000000", "#7f5fb0",
                                    "#8c2d04", "#5b7f1f"};
// Quieter ones, told apart by their markers and dashes.
constexpr Choices kNormalColours = {"#5f6b76", "#96703a", "#4d8076", "#8d6a8f",
                                    "#7a7a3c", "#8c5a50", "#5b7da0", "#777777",
                                    "#a0635b", "#3f6f5a"};
constexpr Choices kDashes = {"",     "7 3",     "3 2", "8 3 2 3", "1.5 2.5",
                             "11 3", "5 2 1 2", "4 4", "2 4",     "9 2 3 2"};
// Around (0, 0), drawn as a closed path.
constexpr Choices kShapes = {
    "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1 -4 0Z",                          // Circle.
    "M-3.6-3.6H3.6V3.6H-3.6Z",                                      // Square.
    "M0-4.8L4.6 3.4H-4.6Z",                                         // Triangle.
    "M0-5L5 0L0 5L-5 0Z",                                           // Diamond.
    "M0 4.8L4.6-3.4H-4.6Z",                                         // Down.
    "M0-4.8L4.6-1.5L2.8 3.9H-2.8L-4.6-1.5Z",                        // Pentagon.
    "M-1.6-4.8H1.6V-1.6H4.8V1.6H1.6V4.8H-1.6V1.6H-4.8V-1.6H-1.6Z",  // Cross.
    "M-4.8-4L0 0L4.8-4V4L0 0L-4.8 4Z",                              // Bow tie.
    "M4.8 0L-3.4-4.6V4.6Z",                                         // Left.
    "M0-5.4L1.6-1.6L5.4 0L1.6 1.6L0 5.4L-1.6 1.6L-5.4 0L-1.6-1.6Z"};  // Star.

}  // namespace

SeriesStyle::SeriesStyle(SeriesWeight weight, size_t index)
    : weight_(weight), shape_(index % kNumStyles) {
  const bool strong = weight == SeriesWeight::kStrong;
  colour_ = strong ? kStrongColours[shape_] : kNormalColours[shape_];
  dashes_ = strong ? "" : kDashes[shape_];
}

std::string SeriesStyle::Line(
    const std::vector<PlotPosition>& positions) const {
  std::string points;
  for (const PlotPosition& at : positions) {
    absl::StrAppendFormat(&points, "%s%.1f,%.1f", points.empty() ? "" : " ",
                          at.x, at.y);
  }
  const std::string dashes =
      dashes_.empty()
          ? std::string()
          : absl::StrFormat(" stroke-dasharray=\"%s\"", std::string(dashes_));
  return absl::StrFormat(
      "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" "
      "stroke-linejoin=\"round\"%s/>",
      points, std::string(colour_),
      weight_ == SeriesWeight::kStrong ? "2.4" : "1.3", dashes);
}

std::string SeriesStyle::Marker(const PlotPosition& at,
                                std::string_view tooltip) const {
  const bool strong = weight_ == SeriesWeight::kStrong;
  const std::string path = absl::StrFormat(
      "<path transform=\"translate(%.1f %.1f)%s\" d=\"%s\" fill=\"%s\" "
      "stroke=\"%s\" stroke-width=\"1.3\"",
      at.x, at.y, strong ? "" : " scale(.8)", std::string(kShapes[shape_]),
      strong ? std::string(colour_) : "#fff",
      strong ? "#fff" : std::string(colour_));
  if (tooltip.empty()) return path + "/>";
  return absl::StrCat(path, "><title>", EscapeMarkup(tooltip),
                      "</title></path>");
}

std::string SeriesStyle::Bar(double x, double top, double bottom) const {
  return absl::StrFormat(
      "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\" stroke-width=\"1\" "
      "stroke-opacity=\".7\"/>",
      x, top, bottom, std::string(colour_));
}

std::string SeriesKeyToSvg(const SeriesStyle& style) {
  return absl::StrCat(
      "<svg width=\"26\" height=\"12\" viewBox=\"0 0 26 12\" "
      "aria-hidden=\"true\">",
      style.Line({{0, 6}, {26, 6}}), style.Marker({13, 6}, ""), "</svg>");
}

}  // namespace sluice::train
