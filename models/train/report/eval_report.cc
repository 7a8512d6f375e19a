#include "models/train/report/eval_report.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/figures/task_words.h"
#include "models/train/report/text_table.h"

namespace sluice::train {
namespace {

std::string Percent(double share) {
  return absl::StrFormat("%.1f", 100 * share);
}

std::string Headline(const Evaluation& evaluation) {
  return absl::StrCat(
      WordsOf(evaluation.task).name, ": ", evaluation.pictures.size(),
      " pictures of ", DescribeData(evaluation), ", view ", evaluation.view,
      "; ", evaluation.machine, "; sluice-model ", evaluation.version, "\n");
}

std::vector<std::string> PointRow(const Evaluation& evaluation,
                                  const std::string& name,
                                  const OperatingPoint& point,
                                  const PointFigures& figures) {
  std::vector<std::string> cells = {name, "", "", ""};
  if (figures.mean_bytes > 0) {
    cells[1] = absl::StrFormat("%.0f", figures.mean_bytes);
    cells[2] = absl::StrFormat("%.0f", figures.p95_bytes);
    cells[3] = absl::StrFormat("%.3f", figures.bpp);
  }
  cells.push_back(Percent(figures.quality));
  cells.push_back(figures.quality_interval.has_value()
                      ? absl::StrCat(Percent(figures.quality_interval->low),
                                     "..",
                                     Percent(figures.quality_interval->high))
                      : "");
  for (const double other : figures.others) cells.push_back(Percent(other));
  if (WordsOf(evaluation.task).has_teacher) {
    cells.push_back(figures.mean_kl.has_value()
                        ? absl::StrFormat("%.3f", *figures.mean_kl)
                        : "");
  }
  cells.push_back(point.scored_by);
  return cells;
}

std::string PointsTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures) {
  const TaskWords& words = WordsOf(evaluation.task);
  std::vector<std::string> header = {
      "", "bytes", "p95", "bpp", words.quality.title + " %", "95 %"};
  for (const FigureWords& other : words.others) {
    header.push_back(other.title + " %");
  }
  if (WordsOf(evaluation.task).has_teacher) header.push_back("KL nats");
  header.push_back("scored by");
  TextTable table(std::move(header));
  if (evaluation.teacher.has_value()) {
    table.AddRow(PointRow(evaluation, "uncompressed", *evaluation.teacher,
                          *figures.teacher));
  }
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    const OperatingPoint& point = evaluation.uncompressed[i];
    table.AddRow(PointRow(evaluation,
                          absl::StrCat("uncompressed, ", point.setting), point,
                          figures.uncompressed[i]));
  }
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    for (size_t p = 0; p < method.points.size(); ++p) {
      table.AddRow(PointRow(
          evaluation, absl::StrCat(method.name, ", ", method.points[p].setting),
          method.points[p], figures.methods[m].points[p]));
    }
  }
  return table.ToString();
}

// "1547", "<= 1547" where the cheapest point is better, "-" out of reach.
std::string BytesCell(const BytesNeeded& needed) {
  switch (needed.kind) {
    case BytesNeeded::Kind::kInterpolated:
      return absl::StrFormat("%.0f", needed.bytes);
    case BytesNeeded::Kind::kAtMost:
      return absl::StrFormat("<= %.0f", needed.bytes);
    case BytesNeeded::Kind::kOutOfReach:
      break;
  }
  return "-";
}

// "1 point", "2 points", ...
std::vector<std::string> DropHeadings() {
  std::vector<std::string> headings;
  for (const double drop : kDrops) {
    const std::string points = absl::StrFormat("%g", 100 * drop);
    headings.push_back(points + (points == "1" ? " point" : " points"));
  }
  return headings;
}

std::string DropsTable(const Evaluation& evaluation,
                       const EvaluationFigures& figures) {
  if (!figures.reference.has_value()) return "";
  std::vector<std::string> header = {"bytes at a drop of"};
  for (std::string& heading : DropHeadings()) {
    header.push_back(std::move(heading));
  }
  TextTable table(std::move(header));
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    std::vector<std::string> cells = {evaluation.methods[m].name};
    for (const BytesNeeded& needed : figures.methods[m].bytes_at_drops) {
      cells.push_back(BytesCell(needed));
    }
    table.AddRow(std::move(cells));
  }
  return absl::StrCat("\n", table.ToString(), "(from ", figures.reference->name,
                      ", ", Percent(figures.reference->quality), " %)\n");
}

std::string PercentChange(const BdRateFigure& figure) {
  if (!figure.rate.percent.has_value()) return "undefined";
  return absl::StrFormat("%+.1f", *figure.rate.percent);
}

std::string IntervalCell(const BdRateFigure& figure) {
  if (!figure.interval.has_value()) return "";
  return absl::StrFormat("%+.1f..%+.1f", figure.interval->low,
                         figure.interval->high);
}

// Adds why a figure is undefined, if it is.
void AddReason(const std::string& pair, const std::string& quality,
               const BdRate& rate, std::string* reasons) {
  if (rate.percent.has_value()) return;
  absl::StrAppend(reasons, "undefined for ", pair, ", ", quality, ": ",
                  rate.undefined, "\n");
}

std::string PairsTable(const Evaluation& evaluation,
                       const EvaluationFigures& figures) {
  if (figures.pairs.empty()) return "";
  const std::string& quality = WordsOf(evaluation.task).quality.title;
  std::vector<std::string> header = {"BD-rate %", "on " + quality, "95 %",
                                     absl::StrCat("over ", quality, " %")};
  if (WordsOf(evaluation.task).has_teacher)
    header.insert(header.end(), {"on KL", "95 %"});
  TextTable table(std::move(header));
  std::string reasons;
  for (const PairFigures& pair : figures.pairs) {
    const std::string name =
        absl::StrCat(evaluation.methods[pair.method].name, " against ",
                     evaluation.methods[pair.anchor].name);
    const BdRate& rate = pair.on_quality.rate;
    AddReason(name, quality, rate, &reasons);
    std::vector<std::string> cells = {name, PercentChange(pair.on_quality),
                                      IntervalCell(pair.on_quality), ""};
    if (rate.percent.has_value()) {
      cells.back() = absl::StrCat(Percent(rate.interval.low), "..",
                                  Percent(rate.interval.high));
    }
    if (WordsOf(evaluation.task).has_teacher) {
      AddReason(name, "KL", pair.on_kl.rate, &reasons);
      cells.push_back(PercentChange(pair.on_kl));
      cells.push_back(IntervalCell(pair.on_kl));
    }
    table.AddRow(std::move(cells));
  }
  return absl::StrCat("\n", table.ToString(), reasons);
}

// The first figure of every class.
std::string ClassesTable(const Evaluation& evaluation,
                         const EvaluationFigures& figures) {
  const std::vector<ClassColumn> shown = ClassColumns(evaluation, figures);
  if (shown.empty()) return "";
  const TaskWords& words = WordsOf(evaluation.task);
  std::vector<std::string> header = {words.of_class.front().title + " %",
                                     words.counted};
  for (const ClassColumn& column : shown) header.push_back(column.name);
  TextTable table(std::move(header));
  const std::vector<ClassFigures>& first = *shown.front().classes;
  for (size_t k = 0; k < first.size(); ++k) {
    std::vector<std::string> cells = {evaluation.class_names[k],
                                      absl::StrCat(first[k].count)};
    for (const ClassColumn& column : shown) {
      const std::optional<double>& value =
          (*column.classes)[k].qualities.front();
      cells.push_back(value.has_value() ? Percent(*value) : "-");
    }
    table.AddRow(std::move(cells));
  }
  return "\n" + table.ToString();
}

std::string EncodersTable(const Evaluation& evaluation) {
  TextTable table({"device's half", "bytes", "parameters", "MMAC at 224x224"});
  for (const Method& method : evaluation.methods) {
    if (!method.encoder.has_value()) continue;
    table.AddRow({method.name, absl::StrCat(method.encoder->bytes),
                  absl::StrCat(method.encoder->parameters),
                  absl::StrFormat("%.1f", method.encoder->mmac_224)});
  }
  return "\n" + table.ToString();
}

std::string LatenciesTable(const Evaluation& evaluation) {
  TextTable table({"median ms a picture", "threads", "encode", "answer"});
  bool is_empty = true;
  for (const Method& method : evaluation.methods) {
    for (const Latency& latency : method.latencies) {
      is_empty = false;
      table.AddRow({absl::StrCat(method.name, ", ", latency.setting),
                    absl::StrCat(latency.num_threads),
                    absl::StrFormat("%.2f", latency.encode_ms),
                    absl::StrFormat("%.2f", latency.answer_ms)});
    }
  }
  return is_empty ? "" : "\n" + table.ToString();
}

std::string SectionToText(const ReportSection& section) {
  const auto& [evaluation, figures] = section;
  return absl::StrCat(
      Headline(evaluation), "\n", PointsTable(evaluation, figures),
      DropsTable(evaluation, figures), PairsTable(evaluation, figures),
      ClassesTable(evaluation, figures), EncodersTable(evaluation),
      LatenciesTable(evaluation));
}

}  // namespace

std::string ReportToText(const Report& report) {
  std::string text;
  for (const ReportSection& section : report) {
    if (!text.empty()) text += "\n\n";
    text += SectionToText(section);
  }
  return text;
}

}  // namespace sluice::train
