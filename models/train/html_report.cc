#include "models/train/html_report.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "models/train/evaluation_plots.h"
#include "models/train/evaluation_tables.h"
#include "models/train/markup.h"
#include "models/train/svg_plot.h"

namespace sluice::train {
namespace {

constexpr char kStyle[] = R"(
html { font: 15px/1.5 -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
       "Noto Sans", "Liberation Sans", Arial, sans-serif;
       color: #222; background: #fff; }
body { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
p.lead { margin: 0 0 1.2rem; font-size: 1.05rem; color: #444; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; margin: 0;
           gap: .2rem 1.2rem; font-size: .9rem; }
dt { color: #666; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
dl.terms dt { color: #222; font-weight: 700; margin-top: .6rem; }
code { font: .86em/1.45 Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code span { display: inline-block; max-width: 100%; }
.warnings { border-left: 3px solid #d55e00; margin: 1.4rem 0 0;
            padding: .1rem 1rem; background: #fdf5f0; }
.warnings ul, .limits { padding-left: 1.2rem; }
.wide { overflow-x: auto; margin: 0 0 .4rem; }
figure { margin: 0; }
figure .wide > svg { display: block; width: 100%; min-width: 34rem;
                     height: auto; }
figcaption, caption { font-size: .87rem; color: #555; text-align: left; }
caption { padding-bottom: .5rem; }
table { border-collapse: collapse; font-size: .87rem; width: 100%;
        font-variant-numeric: tabular-nums lining-nums; }
th, td { text-align: right; padding: .22rem 0 .22rem 1.1rem;
         font-weight: normal; vertical-align: baseline; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
th.text, td.text { text-align: left; }
thead th { border-top: 1.5px solid #222; border-bottom: 1px solid #222;
           font-weight: 700; }
tbody tr:last-child > * { border-bottom: 1.5px solid #222; }
tr.group th { font-weight: 700; padding-top: .7rem;
              border-bottom: 1px solid #ddd; white-space: normal; }
tr.group ~ tr:not(.group) th { padding-left: 1rem; }
tr.strong th, tr.strong td { font-weight: 700; }
small { font-size: .86em; font-weight: normal; color: #666;
        white-space: normal; }
table svg { vertical-align: -1px; overflow: visible; }
@media (max-width: 36rem) {
  dl.facts { display: block; }
  dl.facts dt { margin-top: .5rem; }
}
@media print {
  html { font-size: 11px; }
  body { max-width: none; padding: 0; }
  figure, tr { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  .wide { overflow: visible; }
}
)";

std::string Section(std::string_view heading, std::string content_html) {
  if (content_html.empty()) return "";
  return absl::StrCat("<h2>", EscapeMarkup(heading), "</h2>\n", content_html);
}

std::string List(std::string_view css_class,
                 const std::vector<std::string>& items) {
  std::string html =
      absl::StrCat("<ul class=\"", std::string(css_class), "\">\n");
  for (const std::string& item : items) {
    absl::StrAppend(&html, "<li>", EscapeMarkup(item), "</li>\n");
  }
  return html + "</ul>\n";
}

std::string LearnedNames(const Evaluation& evaluation) {
  std::vector<std::string> names;
  for (const Method& method : evaluation.methods) {
    if (method.learned) names.push_back(method.name);
  }
  return absl::StrJoin(names, ", ");
}

std::string Title(const Evaluation& evaluation) {
  const std::string names = LearnedNames(evaluation);
  return absl::StrCat(names.empty() ? "Methods" : names, " on ",
                      evaluation.data.empty() ? "pictures" : evaluation.data,
                      ": accuracy over bytes");
}

// "666 of 50,176 pixels".
std::string PictureCount(const Evaluation& evaluation) {
  std::string text =
      FormatNumber(static_cast<double>(evaluation.pictures.size()), 0);
  if (evaluation.pictures.empty()) return text;
  const auto [least, most] = std::minmax_element(
      evaluation.pictures.begin(), evaluation.pictures.end(),
      [](const EvaluatedPicture& a, const EvaluatedPicture& b) {
        return a.pixels < b.pixels;
      });
  absl::StrAppend(&text, " of ", FormatNumber(least->pixels, 0));
  if (least->pixels != most->pixels) {
    absl::StrAppend(&text, " to ", FormatNumber(most->pixels, 0));
  }
  return text + " pixels";
}

std::string UncompressedScore(const PointFigures& figures) {
  return absl::StrCat("top-1 ", FormatPercent(figures.top1), " % ",
                      FormatPercentInterval(figures.top1_interval), ", top-5 ",
                      FormatPercent(figures.top5), " %");
}

// Its words do not break at their hyphens.
std::string CommandLine(const std::string& command_line) {
  if (command_line.empty()) return "";
  return absl::StrCat("<code><span>",
                      absl::StrReplaceAll(EscapeMarkup(command_line),
                                          {{" ", "</span> <span>"}}),
                      "</span></code>");
}

// What was measured on what, and by what.
std::string Facts(const Evaluation& evaluation,
                  const EvaluationFigures& figures) {
  std::string html = "<dl class=\"facts\">\n";
  const auto add_html = [&html](std::string_view term,
                                const std::string& text_html) {
    if (text_html.empty()) return;
    absl::StrAppend(&html, "<dt>", EscapeMarkup(term), "</dt><dd>", text_html,
                    "</dd>\n");
  };
  const auto add = [&add_html](std::string_view term, std::string_view text) {
    add_html(term, EscapeMarkup(text));
  };
  add("data", evaluation.data);
  add("pictures", PictureCount(evaluation));
  add("view", evaluation.view);
  if (figures.teacher.has_value()) {
    add("teacher, uncompressed", UncompressedScore(*figures.teacher));
  }
  for (size_t i = 0; i < figures.uncompressed.size(); ++i) {
    add("pixel entrance of " + evaluation.uncompressed[i].setting,
        UncompressedScore(figures.uncompressed[i]));
  }
  add("sluice-model", evaluation.version);
  add("machine", evaluation.machine);
  add_html("command", CommandLine(evaluation.command_line));
  return html + "</dl>\n";
}

std::string Warnings(const Evaluation& evaluation) {
  if (evaluation.warnings.empty()) return "";
  return absl::StrCat("<div class=\"warnings\">", List("", evaluation.warnings),
                      "</div>\n");
}

std::string Figure(const QualityPlot& quality, std::string caption) {
  if (quality.plot.series.empty()) return "";
  if (!quality.not_shown.empty()) {
    absl::StrAppend(&caption, " Outside of the plot: ",
                    absl::StrJoin(quality.not_shown, "; "), ".");
  }
  return absl::StrCat("<figure><div class=\"wide\">",
                      LinePlotToSvg(quality.plot), "</div>\n<figcaption>",
                      EscapeMarkup(caption), "</figcaption></figure>\n");
}

std::string Definitions() {
  std::string html = "<dl class=\"terms\">\n";
  for (const Definition& definition : FigureDefinitions()) {
    absl::StrAppend(&html, "<dt>", EscapeMarkup(definition.term), "</dt><dd>",
                    EscapeMarkup(definition.text), "</dd>\n");
  }
  return html + "</dl>\n";
}

std::string Limits() {
  return List(
      "limits",
      {"All figures are of one run, on one set of pictures, at one view; they "
       "compare methods with each other and are not those of another set or "
       "protocol.",
       "Pictures were scaled and cut to the view before any codec saw them: "
       "bytes are those of what the network needs, not of the camera's "
       "picture.",
       "A pixel codec is scored by the better of the unmodified teacher and "
       "the pixel entrance, whichever the table names.",
       "Milliseconds are those of the machine named above; a small device is "
       "slower, and the network between device and server is not in them."});
}

std::string Body(const Evaluation& evaluation,
                 const EvaluationFigures& figures) {
  return absl::StrCat(
      "<h1>", EscapeMarkup(Title(evaluation)), "</h1>\n",
      Facts(evaluation, figures), Warnings(evaluation),
      Section("Accuracy over bytes",
              Figure(PlotTop1(evaluation, figures),
                     "Top-1 accuracy over the mean size of a frame or file. "
                     "Learned methods are drawn strong, with 95 % intervals.")),
      Section("Divergence over bytes",
              Figure(PlotKl(evaluation, figures),
                     "Mean divergence of the answers from the teacher's, over "
                     "the mean size of a frame or file; lower is better.")),
      Section("Bytes at equal quality", BdRateTable(evaluation, figures)),
      Section("Bytes at a drop of accuracy",
              BytesAtDropsTable(evaluation, figures)),
      Section("Device, link and task", ThreeAxesTable(evaluation, figures)),
      Section("Time", LatencyTable(evaluation)),
      Section("All points", PointsTable(evaluation, figures)),
      Section("Definitions", Definitions()), Section("Limits", Limits()));
}

}  // namespace

std::string EvaluationToHtml(const Evaluation& evaluation,
                             const EvaluationFigures& figures) {
  return absl::StrCat(
      "<!DOCTYPE html>\n"
      "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<title>",
      EscapeMarkup(Title(evaluation)), "</title>\n<style>", kStyle,
      "</style>\n</head>\n<body>\n", Body(evaluation, figures),
      "</body>\n</html>\n");
}

}  // namespace sluice::train
