#include "models/train/eval_report.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/text_table.h"

namespace sluice::train {
namespace {

std::string Percent(double share) {
  return absl::StrFormat("%.1f", 100 * share);
}

std::string Headline(const Evaluation& evaluation) {
  return absl::StrCat(evaluation.pictures.size(), " pictures of ",
                      evaluation.data, ", view ", evaluation.view, "; ",
                      evaluation.machine, "; sluice-model ", evaluation.version,
                      "\n");
}

std::vector<std::string> PointRow(const std::string& name,
                                  const OperatingPoint& point,
                                  const PointFigures& figures) {
  std::vector<std::string> cells = {name, "", "", ""};
  if (figures.mean_bytes > 0) {
    cells[1] = absl::StrFormat("%.0f", figures.mean_bytes);
    cells[2] = absl::StrFormat("%.0f", figures.p95_bytes);
    cells[3] = absl::StrFormat("%.3f", figures.bpp);
  }
  cells.push_back(Percent(figures.top1));
  cells.push_back(figures.top1_interval.has_value()
                      ? absl::StrCat(Percent(figures.top1_interval->low), "..",
                                     Percent(figures.top1_interval->high))
                      : "");
  cells.push_back(Percent(figures.top5));
  cells.push_back(figures.mean_kl.has_value()
                      ? absl::StrFormat("%.3f", *figures.mean_kl)
                      : "");
  cells.push_back(point.scored_by);
  return cells;
}

std::string PointsTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures) {
  TextTable table({"", "bytes", "p95", "bpp", "top-1 %", "95 %", "top-5 %",
                   "KL nats", "scored by"});
  if (evaluation.teacher.has_value()) {
    table.AddRow(
        PointRow("uncompressed", *evaluation.teacher, *figures.teacher));
  }
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    const OperatingPoint& point = evaluation.uncompressed[i];
    table.AddRow(PointRow(absl::StrCat("uncompressed, ", point.setting), point,
                          figures.uncompressed[i]));
  }
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    for (size_t p = 0; p < method.points.size(); ++p) {
      table.AddRow(
          PointRow(absl::StrCat(method.name, ", ", method.points[p].setting),
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
                      ", ", Percent(figures.reference->top1), " %)\n");
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

std::string PairsTable(const Evaluation& evaluation,
                       const EvaluationFigures& figures) {
  if (figures.pairs.empty()) return "";
  TextTable table(
      {"BD-rate %", "on top-1", "95 %", "over top-1 %", "on KL", "95 %"});
  std::string reasons;
  for (const PairFigures& pair : figures.pairs) {
    const std::string name =
        absl::StrCat(evaluation.methods[pair.method].name, " against ",
                     evaluation.methods[pair.anchor].name);
    const BdRate& on_top1 = pair.on_top1.rate;
    const BdRate& on_kl = pair.on_kl.rate;
    std::string used;
    if (on_top1.percent.has_value()) {
      used = absl::StrCat(Percent(on_top1.interval.low), "..",
                          Percent(on_top1.interval.high));
    } else {
      absl::StrAppend(&reasons, "undefined for ", name,
                      ", top-1: ", on_top1.undefined, "\n");
    }
    if (!on_kl.percent.has_value()) {
      absl::StrAppend(&reasons, "undefined for ", name,
                      ", KL: ", on_kl.undefined, "\n");
    }
    table.AddRow({name, PercentChange(pair.on_top1), IntervalCell(pair.on_top1),
                  used, PercentChange(pair.on_kl), IntervalCell(pair.on_kl)});
  }
  return absl::StrCat("\n", table.ToString(), reasons);
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

}  // namespace

std::string EvaluationToText(const Evaluation& evaluation,
                             const EvaluationFigures& figures) {
  return absl::StrCat(
      Headline(evaluation), "\n", PointsTable(evaluation, figures),
      DropsTable(evaluation, figures), PairsTable(evaluation, figures),
      EncodersTable(evaluation), LatenciesTable(evaluation));
}

}  // namespace sluice::train
