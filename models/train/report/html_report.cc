#include "models/train/report/html_report.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "models/train/figures/figure_definitions.h"
#include "models/train/figures/task_words.h"
#include "models/train/report/evaluation_plots.h"
#include "models/train/report/evaluation_tables.h"
#include "models/train/report/markup.h"
#include "models/train/report/svg_plot.h"

namespace sluice::train {
namespace {

constexpr char kStyle[] = R"(
html { font: 15px/1.5 -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
       "Noto Sans", "Liberation Sans", Arial, sans-serif;
       color: #222; background: #fff; }
body { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 .6rem; }
h3 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
nav ul { padding-left: 1.2rem; margin: .8rem 0 0; font-size: .9rem; }
p.note { margin: 1rem 0 0; font-size: .9rem; color: #444; }
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
  h2, h3, caption { break-after: avoid; }
  nav { display: none; }
  .wide { overflow: visible; }
}
)";

// "h2" or "h3"; nothing for nothing.
std::string Part(const char* tag, std::string_view heading,
                 std::string content_html) {
  if (content_html.empty()) return "";
  return absl::StrCat("<", tag, ">", EscapeMarkup(heading), "</", tag, ">\n",
                      content_html);
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

// The learned methods of all sections, each once.
std::string LearnedNames(const Report& report) {
  std::vector<std::string> names;
  for (const ReportSection& section : report) {
    for (const Method& method : section.evaluation.methods) {
      if (method.learned &&
          std::find(names.begin(), names.end(), method.name) == names.end()) {
        names.push_back(method.name);
      }
    }
  }
  return absl::StrJoin(names, ", ");
}

std::string Title(const Report& report) {
  std::vector<std::string> tasks;
  for (const Task task : TasksOf(report)) tasks.push_back(WordsOf(task).name);
  const std::string names = LearnedNames(report);
  return absl::StrCat(names.empty() ? "Methods" : names, ": ",
                      absl::StrJoin(tasks, ", "), " over bytes");
}

// "Detection: fod_a.tar (val), fit:320x320".
std::string SectionTitle(const Evaluation& evaluation) {
  std::string title = WordsOf(evaluation.task).name;
  title.front() = absl::ascii_toupper(title.front());
  const std::string data = DescribeData(evaluation);
  return absl::StrCat(title, ": ", data.empty() ? "pictures" : data,
                      evaluation.view.empty() ? "" : ", ", evaluation.view);
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

// "top-1 80.0 % [72.0, 87.0], top-5 94.1 %".
std::string UncompressedScore(Task task, const PointFigures& figures) {
  const TaskWords& words = WordsOf(task);
  std::string text =
      absl::StrCat(words.quality.title, " ", FormatPercent(figures.quality),
                   " % ", FormatPercentInterval(figures.quality_interval));
  for (size_t i = 0; i < words.others.size(); ++i) {
    absl::StrAppend(&text, ", ", words.others[i].title, " ",
                    FormatPercent(figures.others[i]), " %");
  }
  return text;
}

// "31 classes, 459 objects"; empty for a classification.
std::string ClassCount(const Evaluation& evaluation,
                       const EvaluationFigures& figures) {
  if (evaluation.class_names.empty() || !figures.reference.has_value()) {
    return "";
  }
  uint64_t count = 0;
  for (const ClassFigures& one : figures.reference->classes) {
    count += one.count;
  }
  return absl::StrCat(evaluation.class_names.size(), " classes, ",
                      FormatNumber(static_cast<double>(count), 0), " ",
                      WordsOf(evaluation.task).counted);
}

// Its words do not break at their hyphens.
std::string CommandLine(const std::string& command_line) {
  if (command_line.empty()) return "";
  return absl::StrCat("<code><span>",
                      absl::StrReplaceAll(EscapeMarkup(command_line),
                                          {{" ", "</span> <span>"}}),
                      "</span></code>");
}

class FactList {
 public:
  void AddHtml(std::string_view term, const std::string& text_html) {
    if (text_html.empty()) return;
    absl::StrAppend(&html_, "<dt>", EscapeMarkup(term), "</dt><dd>", text_html,
                    "</dd>\n");
  }
  void Add(std::string_view term, std::string_view text) {
    AddHtml(term, EscapeMarkup(text));
  }
  std::string ToHtml() const {
    return absl::StrCat("<dl class=\"facts\">\n", html_, "</dl>\n");
  }

 private:
  std::string html_;
};

// What measured all sections.
std::string RunFacts(const Report& report) {
  if (report.empty()) return "";
  const Evaluation& evaluation = report.front().evaluation;
  FactList facts;
  facts.Add("sluice-model", evaluation.version);
  facts.Add("machine", evaluation.machine);
  facts.AddHtml("command", CommandLine(evaluation.command_line));
  return facts.ToHtml();
}

// What was measured on what.
std::string SectionFacts(const Evaluation& evaluation,
                         const EvaluationFigures& figures) {
  FactList facts;
  facts.Add("data", DescribeData(evaluation));
  facts.Add("pictures", PictureCount(evaluation));
  facts.Add("labels", ClassCount(evaluation, figures));
  facts.Add("view", evaluation.view);
  if (figures.teacher.has_value()) {
    facts.Add("teacher, uncompressed",
              UncompressedScore(evaluation.task, *figures.teacher));
  }
  for (size_t i = 0; i < figures.uncompressed.size(); ++i) {
    facts.Add("pixel entrance of " + evaluation.uncompressed[i].setting,
              UncompressedScore(evaluation.task, figures.uncompressed[i]));
  }
  return facts.ToHtml();
}

// Where no teacher fits the task.
std::string ReferenceNote(const Evaluation& evaluation) {
  if (evaluation.task == Task::kClassification) return "";
  return "<p class=\"note\">There is no unmodified teacher for this task: the "
         "pixel entrance and the tail, on uncompressed pictures, are what "
         "drops are counted from, and they score the pixel codecs.</p>\n";
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

std::string Definitions(const Report& report) {
  std::string html = "<dl class=\"terms\">\n";
  for (const Definition& definition : FigureDefinitions(TasksOf(report))) {
    absl::StrAppend(&html, "<dt>", EscapeMarkup(definition.term), "</dt><dd>",
                    EscapeMarkup(definition.text), "</dd>\n");
  }
  return html + "</dl>\n";
}

std::string Limits() {
  return List(
      "limits",
      {"All figures of a section are of one run, on one set of pictures, at "
       "one view; they compare methods with each other and are not those of "
       "another set or protocol.",
       "Pictures were scaled and cut to the view before any codec saw them: "
       "bytes are those of what the network needs, not of the camera's "
       "picture.",
       "A pixel codec is scored by the better of the unmodified teacher, where "
       "there is one, and the first method's pixel entrance, whichever the "
       "table names.",
       "Milliseconds are those of the machine named above; a small device is "
       "slower, and the network between device and server is not in them."});
}

std::string SectionAnchor(size_t index) {
  return absl::StrCat("section-", index + 1);
}

std::string SectionToHtml(const ReportSection& section, size_t index) {
  const auto& [evaluation, figures] = section;
  const std::string& quality = WordsOf(evaluation.task).long_title;
  return absl::StrCat(
      "<section id=\"", SectionAnchor(index), "\">\n<h2>",
      EscapeMarkup(SectionTitle(evaluation)), "</h2>\n",
      SectionFacts(evaluation, figures), ReferenceNote(evaluation),
      Warnings(evaluation),
      Part("h3", quality + " over bytes",
           Figure(PlotQuality(evaluation, figures),
                  quality +
                      " over the mean size of a frame or file. Learned methods "
                      "are drawn strong, with 95 % intervals.")),
      Part("h3", "Divergence over bytes",
           Figure(PlotKl(evaluation, figures),
                  "Mean divergence of the answers from the teacher's, over the "
                  "mean size of a frame or file; lower is better.")),
      Part("h3", "Bytes at equal quality", BdRateTable(evaluation, figures)),
      Part("h3", "Bytes at a drop of quality",
           BytesAtDropsTable(evaluation, figures)),
      Part("h3", "Classes", ClassesTable(evaluation, figures)),
      Part("h3", "Device, link and task", ThreeAxesTable(evaluation, figures)),
      Part("h3", "Time", LatencyTable(evaluation)),
      Part("h3", "All points", PointsTable(evaluation, figures)),
      "</section>\n");
}

// Links to the sections, where there are several.
std::string Navigation(const Report& report) {
  if (report.size() < 2) return "";
  std::string html = "<nav><ul>\n";
  for (size_t i = 0; i < report.size(); ++i) {
    absl::StrAppend(&html, "<li><a href=\"#", SectionAnchor(i), "\">",
                    EscapeMarkup(SectionTitle(report[i].evaluation)),
                    "</a></li>\n");
  }
  return html + "</ul></nav>\n";
}

std::string Body(const Report& report) {
  std::string html =
      absl::StrCat("<h1>", EscapeMarkup(Title(report)), "</h1>\n",
                   RunFacts(report), Navigation(report));
  for (size_t i = 0; i < report.size(); ++i) {
    html += SectionToHtml(report[i], i);
  }
  return absl::StrCat(html, Part("h2", "Definitions", Definitions(report)),
                      Part("h2", "Limits", Limits()));
}

}  // namespace

std::string ReportToHtml(const Report& report) {
  return absl::StrCat(
      "<!DOCTYPE html>\n"
      "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<title>",
      EscapeMarkup(Title(report)), "</title>\n<style>", kStyle,
      "</style>\n</head>\n<body>\n", Body(report), "</body>\n</html>\n");
}

}  // namespace sluice::train
