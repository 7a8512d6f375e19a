#include "models/train/report/eval_markdown.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/figures/task_words.h"

namespace sluice::train {
namespace {

constexpr char kNothing[] = "–";
// Of kDrops, the one that the table over all sections shows.
constexpr size_t kSummaryDrop = 1;

std::string Percent(double share) {
  return absl::StrFormat("%.1f", 100 * share);
}

// "12,345"
std::string Thousands(double value) {
  const std::string digits = absl::StrCat(std::llround(value));
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

// Cells with their own '|' escaped.
std::string Row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) {
    row += ' ';
    for (const char c : cell) {
      if (c == '|') row += '\\';
      row += c;
    }
    row += " |";
  }
  return row + "\n";
}

// The heading line and the one under it: the first column flush left, all
// others flush right.
std::string Heading(const std::vector<std::string>& cells) {
  std::string rule = "|---|";
  for (size_t i = 1; i < cells.size(); ++i) rule += "---:|";
  return Row(cells) + rule + "\n";
}

std::string PointRow(const std::string& name, const PointFigures& figures) {
  std::vector<std::string> cells = {
      name, figures.mean_bytes > 0 ? Thousands(figures.mean_bytes) : kNothing,
      Percent(figures.quality)};
  for (const double other : figures.others) cells.push_back(Percent(other));
  return Row(cells);
}

std::string PointsTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures) {
  const TaskWords& words = WordsOf(evaluation.task);
  std::vector<std::string> heading = {"", "bytes per picture",
                                      words.quality.title + " %"};
  for (const FigureWords& other : words.others) {
    heading.push_back(other.title + " %");
  }
  std::string table = Heading(heading);
  if (figures.teacher.has_value()) {
    table += PointRow("teacher, uncompressed picture", *figures.teacher);
  }
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    table += PointRow(absl::StrCat(evaluation.uncompressed[i].setting,
                                   ", pixel entrance, uncompressed picture"),
                      figures.uncompressed[i]);
  }
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    if (!method.learned) continue;
    for (size_t p = 0; p < method.points.size(); ++p) {
      table += PointRow(
          absl::StrCat("**", method.name, ", ", method.points[p].setting, "**"),
          figures.methods[m].points[p]);
    }
  }
  return table;
}

std::string BytesCell(const BytesNeeded& needed) {
  switch (needed.kind) {
    case BytesNeeded::Kind::kInterpolated:
      return Thousands(needed.bytes);
    case BytesNeeded::Kind::kAtMost:
      return absl::StrCat("≤ ", Thousands(needed.bytes));
    case BytesNeeded::Kind::kOutOfReach:
      break;
  }
  return kNothing;
}

// BD-rate of method 0 against `anchor`.
std::string BdRateCell(const EvaluationFigures& figures, size_t anchor) {
  for (const PairFigures& pair : figures.pairs) {
    if (pair.method != 0 || pair.anchor != anchor) continue;
    const BdRateFigure& figure = pair.on_quality;
    if (!figure.rate.percent.has_value()) return "undefined";
    std::string cell = absl::StrFormat("%+.0f %%", *figure.rate.percent);
    if (figure.interval.has_value()) {
      absl::StrAppendFormat(&cell, " (%+.0f … %+.0f)", figure.interval->low,
                            figure.interval->high);
    }
    return cell;
  }
  return kNothing;
}

std::string DropsTable(const Evaluation& evaluation,
                       const EvaluationFigures& figures) {
  if (!figures.reference.has_value() || evaluation.methods.empty()) return "";
  std::vector<std::string> heading = {absl::StrCat(
      "bytes for a drop in ", WordsOf(evaluation.task).quality.title, " of")};
  for (const double drop : kDrops) {
    heading.push_back(absl::StrFormat("%g", 100 * drop));
  }
  heading.push_back(
      absl::StrCat("BD-rate of ", evaluation.methods.front().name));
  std::string table = Heading(heading);
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const std::string& name = evaluation.methods[m].name;
    std::vector<std::string> cells = {
        evaluation.methods[m].learned ? absl::StrCat("**", name, "**") : name};
    for (const BytesNeeded& needed : figures.methods[m].bytes_at_drops) {
      cells.push_back(BytesCell(needed));
    }
    cells.push_back(BdRateCell(figures, m));
    table += Row(cells);
  }
  return "\n" + table;
}

// The one in the middle of those on one thread, which are ascending; null
// without any.
const Latency* MiddleLatency(const Method& method) {
  std::vector<const Latency*> on_one_thread;
  for (const Latency& latency : method.latencies) {
    if (latency.num_threads == 1) on_one_thread.push_back(&latency);
  }
  if (on_one_thread.empty()) return nullptr;
  return on_one_thread[on_one_thread.size() / 2];
}

std::string CostsTable(const Evaluation& evaluation) {
  std::string table =
      Heading({"", "device's half, bytes", "MMAC at 224 × 224",
               "encode ms, one thread", "answer ms, one thread"});
  for (const Method& method : evaluation.methods) {
    const Latency* latency = MiddleLatency(method);
    if (latency == nullptr && !method.encoder.has_value()) continue;
    std::vector<std::string> cells = {
        latency == nullptr ? method.name
                           : absl::StrCat(method.name, ", ", latency->setting),
        kNothing, kNothing, kNothing, kNothing};
    if (method.encoder.has_value()) {
      cells[1] = Thousands(static_cast<double>(method.encoder->bytes));
      cells[2] = absl::StrFormat("%.0f", method.encoder->mmac_224);
    }
    if (latency != nullptr) {
      cells[3] = absl::StrFormat("%.1f", latency->encode_ms);
      cells[4] = absl::StrFormat("%.1f", latency->answer_ms);
    }
    table += Row(cells);
  }
  return "\n" + table;
}

// Those of whole files: each once, in the sections' order.
std::vector<std::string> PixelMethodNames(const Report& report) {
  std::vector<std::string> names;
  for (const ReportSection& section : report) {
    for (const Method& method : section.evaluation.methods) {
      if (!method.learned && !method.name.ends_with(kNoContainer) &&
          std::find(names.begin(), names.end(), method.name) == names.end()) {
        names.push_back(method.name);
      }
    }
  }
  return names;
}

std::string SummaryBytesCell(const MethodFigures& figures) {
  if (figures.bytes_at_drops.empty()) return kNothing;
  return BytesCell(figures.bytes_at_drops[kSummaryDrop]);
}

// "camvid.tar (val), fit:480x384: mIoU %".
std::string SummaryName(const Evaluation& evaluation) {
  return absl::StrCat(DescribeData(evaluation), ", ", evaluation.view, ": ",
                      WordsOf(evaluation.task).quality.title, " %");
}

// The learned method `m` of a section.
std::string SummaryRow(const ReportSection& section, size_t m,
                       const std::vector<std::string>& pixel_names) {
  const auto& [evaluation, figures] = section;
  const Method& method = evaluation.methods[m];
  std::vector<std::string> cells = {
      SummaryName(evaluation), method.name,
      m < figures.uncompressed.size() ? Percent(figures.uncompressed[m].quality)
                                      : kNothing,
      kNothing, SummaryBytesCell(figures.methods[m])};
  if (const PointFigures* usual = UsualPoint(method, figures.methods[m])) {
    cells[3] = absl::StrCat(Thousands(usual->mean_bytes), " bytes → ",
                            Percent(usual->quality));
  }
  for (const std::string& name : pixel_names) {
    std::string cell = kNothing;
    for (size_t i = 0; i < evaluation.methods.size(); ++i) {
      if (evaluation.methods[i].name == name) {
        cell = SummaryBytesCell(figures.methods[i]);
      }
    }
    cells.push_back(cell);
  }
  return Row(cells);
}

std::string SummaryTable(const Report& report) {
  const std::vector<std::string> pixel_names = PixelMethodNames(report);
  const std::string drop =
      absl::StrFormat("%g points", 100 * kDrops[kSummaryDrop]);
  std::vector<std::string> heading = {
      "", "codec", "uncompressed picture", "at its default rate",
      absl::StrCat("bytes for a drop of ", drop)};
  for (const std::string& name : pixel_names) heading.push_back(name);
  std::string table = Heading(heading);
  for (const ReportSection& section : report) {
    const std::vector<Method>& methods = section.evaluation.methods;
    for (size_t m = 0; m < methods.size(); ++m) {
      if (methods[m].learned) table += SummaryRow(section, m, pixel_names);
    }
  }
  return table;
}

std::string SectionTables(const ReportSection& section) {
  const auto& [evaluation, figures] = section;
  return absl::StrCat(PointsTable(evaluation, figures),
                      DropsTable(evaluation, figures), CostsTable(evaluation));
}

}  // namespace

std::string ReportToMarkdown(const Report& report) {
  if (report.size() == 1) return SectionTables(report.front());
  std::string text = SummaryTable(report);
  for (const ReportSection& section : report) {
    const Evaluation& evaluation = section.evaluation;
    absl::StrAppend(&text, "\n### ", WordsOf(evaluation.task).name, ": ",
                    DescribeData(evaluation), ", ", evaluation.view, "\n\n",
                    SectionTables(section));
  }
  return text;
}

}  // namespace sluice::train
