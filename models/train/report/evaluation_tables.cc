#include "models/train/report/evaluation_tables.h"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/figures/task_words.h"
#include "models/train/report/evaluation_plots.h"
#include "models/train/report/html_table.h"
#include "models/train/report/markup.h"
#include "models/train/report/report.h"

namespace sluice::train {
namespace {

constexpr char kNone[] = "–";

HtmlCell NameCell(const Evaluation& evaluation, size_t method) {
  HtmlCell cell(evaluation.methods[method].name);
  cell.key_html = SeriesKeyToSvg(StyleOfMethod(evaluation, method));
  return cell;
}

std::string FormatSigned(double value) {
  return absl::StrCat(value > 0 ? "+" : "", FormatNumber(value, 1));
}

// "−61.3 %", "[−65.0, −57.2]".
HtmlCell BdRateCell(const BdRateFigure& figure) {
  if (!figure.rate.percent.has_value()) {
    return {"undefined", figure.rate.undefined};
  }
  HtmlCell cell(FormatSigned(*figure.rate.percent) + " %");
  if (figure.interval.has_value()) {
    cell.note = absl::StrCat("[", FormatSigned(figure.interval->low), ",\u00a0",
                             FormatSigned(figure.interval->high), "]");
  }
  return cell;
}

// `scale` and `decimals` are those of the quality.
HtmlCell BdRateIntervalCell(const BdRate& rate, double scale, int decimals) {
  if (!rate.percent.has_value()) return kNone;
  return absl::StrCat(FormatNumber(scale * rate.interval.low, decimals), "–",
                      FormatNumber(scale * rate.interval.high, decimals));
}

HtmlCell BytesCell(const BytesNeeded& needed) {
  switch (needed.kind) {
    case BytesNeeded::Kind::kInterpolated:
      return FormatNumber(needed.bytes, 0);
    case BytesNeeded::Kind::kAtMost:
      return "≤ " + FormatNumber(needed.bytes, 0);
    case BytesNeeded::Kind::kOutOfReach:
      break;
  }
  return kNone;
}

HtmlCell QualityCell(const PointFigures& figures) {
  return {FormatPercent(figures.quality),
          FormatPercentInterval(figures.quality_interval)};
}

std::string QualityTitle(const Evaluation& evaluation) {
  return WordsOf(evaluation.task).quality.title;
}

std::vector<HtmlCell> PointCells(const Evaluation& evaluation,
                                 const OperatingPoint& point,
                                 const PointFigures& figures) {
  std::vector<HtmlCell> cells = {point.setting, point.scored_by};
  if (figures.mean_bytes > 0) {
    cells.insert(cells.end(), {FormatNumber(figures.mean_bytes, 0),
                               FormatNumber(figures.p95_bytes, 0),
                               FormatNumber(figures.bpp, 3)});
  } else {
    cells.insert(cells.end(), {kNone, kNone, kNone});
  }
  cells.push_back(QualityCell(figures));
  cells.push_back(figures.drop.has_value()
                      ? HtmlCell(FormatPercent(*figures.drop),
                                 FormatPercentInterval(figures.drop_interval))
                      : kNone);
  for (const double other : figures.others) {
    cells.push_back(FormatPercent(other));
  }
  if (WordsOf(evaluation.task).has_teacher) {
    cells.push_back(figures.mean_kl.has_value()
                        ? HtmlCell(FormatNumber(*figures.mean_kl, 3))
                        : kNone);
  }
  return cells;
}

// "AP@0.5 of each class in percent, AP@[.5:.95] in brackets."
std::string ClassesCaption(const TaskWords& words) {
  std::string caption =
      absl::StrCat(words.of_class.front().title, " of each class in percent");
  for (size_t i = 1; i < words.of_class.size(); ++i) {
    absl::StrAppend(&caption, ", ", words.of_class[i].title, " in brackets");
  }
  return absl::StrCat(caption, ". –: none of the ", words.counted,
                      " are of the class.");
}

HtmlCell ClassCell(const ClassFigures& figures) {
  std::vector<std::string> texts;
  for (const std::optional<double>& quality : figures.qualities) {
    if (!quality.has_value()) return kNone;
    texts.push_back(FormatPercent(*quality));
  }
  HtmlCell cell(texts.front());
  for (size_t i = 1; i < texts.size(); ++i) {
    absl::StrAppend(&cell.note, "[", texts[i], "]");
  }
  return cell;
}

using LatencyKey = std::pair<std::string, int>;  // Setting, threads.

std::vector<HtmlCell> LatencyCells(
    const std::string& setting, const std::set<int>& threads,
    const std::map<LatencyKey, Latency>& latencies) {
  std::vector<HtmlCell> cells = {setting};
  for (const int num_threads : threads) {
    const auto found = latencies.find({setting, num_threads});
    if (found == latencies.end()) {
      cells.insert(cells.end(), {kNone, kNone});
    } else {
      cells.push_back(FormatNumber(found->second.encode_ms, 2));
      cells.push_back(FormatNumber(found->second.answer_ms, 2));
    }
  }
  return cells;
}

// One row for each setting, in the method's order.
void AddLatencyRows(const Method& method, const std::set<int>& threads,
                    HtmlTable& table) {
  std::map<LatencyKey, Latency> latencies;
  std::vector<std::string> settings;
  std::set<std::string> seen;
  for (const Latency& latency : method.latencies) {
    latencies[{latency.setting, latency.num_threads}] = latency;
    if (seen.insert(latency.setting).second) {
      settings.push_back(latency.setting);
    }
  }
  for (const std::string& setting : settings) {
    table.AddRow(LatencyCells(setting, threads, latencies));
  }
}

// "patch-m with imagenet-mobilenetv2", "codec 1a2b...".
HtmlCell LearnedHeading(const Evaluation& evaluation, size_t index) {
  const Method& method = evaluation.methods[index];
  HtmlCell cell = NameCell(evaluation, index);
  if (!method.tail.empty()) absl::StrAppend(&cell.text, " with ", method.tail);
  if (!method.codec_id.empty()) cell.note = "codec " + method.codec_id;
  return cell;
}

std::vector<HtmlCell> EncoderCells(const std::optional<EncoderSize>& size) {
  if (!size.has_value()) return {kNone, kNone, kNone};
  return {FormatNumber(static_cast<double>(size->bytes), 0),
          FormatNumber(static_cast<double>(size->parameters), 0),
          FormatNumber(size->mmac_224, 1)};
}

}  // namespace

std::string BdRateTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures) {
  if (figures.pairs.empty()) return "";
  const std::string quality = QualityTitle(evaluation);
  std::vector<HtmlColumn> columns = {{"against", HtmlAlign::kLeft},
                                     {"at equal " + quality},
                                     {absl::StrCat("over ", quality, ", %")}};
  if (WordsOf(evaluation.task).has_teacher) {
    columns.insert(columns.end(), {{"at equal KL"}, {"over KL, nats"}});
  }
  HtmlTable table(
      "BD-rate: bytes of a learned method at equal quality, as a change from "
      "another method's. Negative is fewer. 95 % intervals in brackets.",
      columns);
  std::optional<size_t> group;
  for (const PairFigures& pair : figures.pairs) {
    if (group != pair.method) {
      table.AddGroup(LearnedHeading(evaluation, pair.method));
      group = pair.method;
    }
    std::vector<HtmlCell> cells = {
        NameCell(evaluation, pair.anchor), BdRateCell(pair.on_quality),
        BdRateIntervalCell(pair.on_quality.rate, 100, 1)};
    if (WordsOf(evaluation.task).has_teacher) {
      cells.push_back(BdRateCell(pair.on_kl));
      cells.push_back(BdRateIntervalCell(pair.on_kl.rate, 1, 2));
    }
    table.AddRow(std::move(cells));
  }
  return table.ToHtml();
}

std::string BytesAtDropsTable(const Evaluation& evaluation,
                              const EvaluationFigures& figures) {
  if (!figures.reference.has_value() || evaluation.methods.empty()) return "";
  std::vector<HtmlColumn> columns = {{"method", HtmlAlign::kLeft}};
  for (const double drop : kDrops) {
    columns.push_back(
        {absl::StrFormat("%.0f point%s", 100 * drop, drop < 0.015 ? "" : "s")});
  }
  const Reference& reference = *figures.reference;
  HtmlTable table(
      absl::StrCat("Bytes per picture at a drop of so many points of ",
                   QualityTitle(evaluation), " from the ",
                   FormatPercent(reference.quality), " % of the ",
                   reference.name,
                   ". ≤: the cheapest setting is already better; –: out of "
                   "reach."),
      columns);
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    std::vector<HtmlCell> cells = {NameCell(evaluation, m)};
    for (const BytesNeeded& needed : figures.methods[m].bytes_at_drops) {
      cells.push_back(BytesCell(needed));
    }
    table.AddRow(std::move(cells), evaluation.methods[m].learned
                                       ? HtmlRowWeight::kStrong
                                       : HtmlRowWeight::kNormal);
  }
  return table.ToHtml();
}

std::string ThreeAxesTable(const Evaluation& evaluation,
                           const EvaluationFigures& figures) {
  HtmlTable table(
      "Three axes of split computing: size and cost of the device's half, "
      "bytes "
      "on the link, quality of the task. MMAC are millions of "
      "multiply-accumulates at 224 × 224.",
      {{"setting", HtmlAlign::kLeft},
       {"encoder bytes"},
       {"parameters"},
       {"MMAC"},
       {"bytes per picture"},
       {QualityTitle(evaluation) + " %"}});
  bool any = false;
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    if (!method.learned) continue;
    any = true;
    table.AddGroup(LearnedHeading(evaluation, m));
    for (size_t p = 0; p < method.points.size(); ++p) {
      const PointFigures& point = figures.methods[m].points[p];
      std::vector<HtmlCell> cells = {method.points[p].setting};
      for (HtmlCell& cell : EncoderCells(method.encoder)) {
        cells.push_back(std::move(cell));
      }
      cells.push_back(FormatNumber(point.mean_bytes, 0));
      cells.push_back(QualityCell(point));
      table.AddRow(std::move(cells));
    }
  }
  return any ? table.ToHtml() : "";
}

std::string ClassesTable(const Evaluation& evaluation,
                         const EvaluationFigures& figures) {
  const std::vector<ClassColumn> shown = ClassColumns(evaluation, figures);
  if (shown.empty()) return "";
  const TaskWords& words = WordsOf(evaluation.task);
  std::vector<HtmlColumn> columns = {{"class", HtmlAlign::kLeft},
                                     {words.counted}};
  for (const ClassColumn& column : shown) columns.push_back({column.name});
  HtmlTable table(ClassesCaption(words), columns);
  const std::vector<ClassFigures>& first = *shown.front().classes;
  for (size_t k = 0; k < first.size(); ++k) {
    std::vector<HtmlCell> cells = {
        evaluation.class_names[k],
        FormatNumber(static_cast<double>(first[k].count), 0)};
    for (const ClassColumn& column : shown) {
      cells.push_back(ClassCell((*column.classes)[k]));
    }
    table.AddRow(std::move(cells));
  }
  return table.ToHtml();
}

std::string LatencyTable(const Evaluation& evaluation) {
  std::set<int> threads;
  for (const Method& method : evaluation.methods) {
    for (const Latency& latency : method.latencies) {
      threads.insert(latency.num_threads);
    }
  }
  if (threads.empty()) return "";
  std::vector<HtmlColumn> columns = {{"setting", HtmlAlign::kLeft}};
  for (const int num_threads : threads) {
    const std::string with = absl::StrCat(
        ", ", num_threads, num_threads == 1 ? " thread" : " threads");
    columns.push_back({"encode" + with});
    columns.push_back({"answer" + with});
  }
  HtmlTable table(
      "Milliseconds per picture, medians, one picture at a time. Encode: from "
      "the preprocessed view to the frame or file; answer: from there to the "
      "tail's outputs.",
      columns);
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    if (evaluation.methods[m].latencies.empty()) continue;
    table.AddGroup(NameCell(evaluation, m));
    AddLatencyRows(evaluation.methods[m], threads, table);
  }
  return table.ToHtml();
}

std::string PointsTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures) {
  std::vector<HtmlColumn> columns = {{"setting", HtmlAlign::kLeft},
                                     {"scored by", HtmlAlign::kLeft},
                                     {"bytes"},
                                     {"p95"},
                                     {"bpp"},
                                     {QualityTitle(evaluation) + " %"},
                                     {"drop, points"}};
  for (const FigureWords& other : WordsOf(evaluation.task).others) {
    columns.push_back({other.title + " %"});
  }
  if (WordsOf(evaluation.task).has_teacher) columns.push_back({"KL, nats"});
  HtmlTable table("Every operating point. 95 % intervals in brackets.",
                  columns);
  table.AddGroup("uncompressed");
  if (evaluation.teacher.has_value() && figures.teacher.has_value()) {
    table.AddRow(PointCells(evaluation, *evaluation.teacher, *figures.teacher));
  }
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    table.AddRow(PointCells(evaluation, evaluation.uncompressed[i],
                            figures.uncompressed[i]));
  }
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    table.AddGroup(NameCell(evaluation, m));
    for (size_t p = 0; p < method.points.size(); ++p) {
      table.AddRow(PointCells(evaluation, method.points[p],
                              figures.methods[m].points[p]));
    }
  }
  return table.ToHtml();
}

}  // namespace sluice::train
