#include "models/train/adapt/adapt_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "models/train/figures/rate_curve.h"
#include "models/train/report/text_table.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

constexpr double kLeast = 1e-9;  // Of a measure, before its logarithm.

using Measure = std::function<double(const AdaptPoint&)>;

RateCurve CurveOf(const std::vector<AdaptPoint>& points,
                  const Measure& measure) {
  std::vector<CurvePoint> curve;
  for (const AdaptPoint& point : points) {
    curve.push_back({.quality = -std::log(std::max(measure(point), kLeast)),
                     .bytes = point.frame_bytes});
  }
  return RateCurve(std::move(curve));
}

AdaptChange ChangeOf(const AdaptReport& report, std::string name,
                     const Measure& measure) {
  AdaptChange change{.measure = std::move(name), .bytes_percent = {}};
  const RateCurve tables = CurveOf(report.tables, measure);
  const RateCurve adapted = CurveOf(report.adapted, measure);
  if (tables.size() > 1) {
    change.bytes_percent =
        ComputeBdRate(adapted, tables, tables.range()).percent;
  }
  size_t num_better = 0;
  double log_ratios = 0.0;
  for (size_t rate = 0; rate < report.tables.size(); ++rate) {
    const double before = std::max(measure(report.tables[rate]), kLeast);
    const double after = std::max(measure(report.adapted[rate]), kLeast);
    if (after < before) ++num_better;
    log_ratios += std::log(after / before);
  }
  const size_t num_rates = report.tables.size();
  change.measure_percent =
      100 * std::expm1(log_ratios / static_cast<double>(num_rates));
  change.is_better = change.bytes_percent ? *change.bytes_percent < 0
                                          : 2 * num_better > num_rates;
  return change;
}

void AddRow(size_t rate, const char* codec, const AdaptPoint& point,
            TextTable* table) {
  std::vector<std::string> cells = {
      absl::StrCat(rate, " ", codec),
      absl::StrFormat("%.0f", point.frame_bytes),
      absl::StrFormat("%.4f", point.distortion),
      absl::StrFormat("%.4f", point.squared_error)};
  for (const double kl : point.kl) {
    cells.push_back(absl::StrFormat("%.4f", kl));
  }
  table->AddRow(std::move(cells));
}

nlohmann::json ToJson(const AdaptReport& report, const AdaptPoint& point) {
  nlohmann::json kl = nlohmann::json::object();
  for (size_t i = 0; i < report.tails.size(); ++i) {
    kl[report.tails[i]] = point.kl[i];
  }
  return {{"frame_bytes_mean", point.frame_bytes},
          {"distortion", point.distortion},
          {"squared_error", point.squared_error},
          {"kl", std::move(kl)}};
}

std::string Verdict(const AdaptReport& report) {
  std::vector<std::string> better, worse;
  for (const AdaptChange& change : ChangesOf(report)) {
    (change.is_better ? better : worse).push_back(change.measure);
  }
  if (worse.empty()) return "The adapted codec is better.\n";
  if (!better.empty()) {
    return absl::StrCat("The adapted codec is better by ",
                        absl::StrJoin(better, ", "), ", not by ",
                        absl::StrJoin(worse, ", "), ".\n");
  }
  return "The adapted codec is NOT better: keep the old one, or count its "
         "tables anew alone (sluice-model retable).\n";
}

}  // namespace

std::vector<AdaptChange> ChangesOf(const AdaptReport& report) {
  std::vector<AdaptChange> changes = {
      ChangeOf(report, "distortion",
               [](const AdaptPoint& point) { return point.distortion; })};
  for (size_t i = 0; i < report.tails.size(); ++i) {
    changes.push_back(
        ChangeOf(report, absl::StrCat("KL of ", report.tails[i]),
                 [i](const AdaptPoint& point) { return point.kl[i]; }));
  }
  return changes;
}

bool IsBetter(const AdaptReport& report) {
  for (const AdaptChange& change : ChangesOf(report)) {
    if (!change.is_better) return false;
  }
  return true;
}

std::string AdaptReportToText(const AdaptReport& report) {
  std::vector<std::string> header = {"rate, codec", "frame B", "distortion",
                                     "squared error"};
  for (const std::string& tail : report.tails) {
    header.push_back(absl::StrCat("KL ", tail));
  }
  TextTable table(std::move(header));
  for (size_t rate = 0; rate < report.before.size(); ++rate) {
    AddRow(rate, "before", report.before[rate], &table);
    AddRow(rate, "tables anew", report.tables[rate], &table);
    AddRow(rate, "adapted", report.adapted[rate], &table);
  }
  std::string text =
      absl::StrCat("On ", report.num_holdout, " held-out frames, after ",
                   report.steps, " steps on ", report.num_frames, ":\n",
                   table.ToString(), "Adapted against tables counted anew:\n");
  for (const AdaptChange& change : ChangesOf(report)) {
    absl::StrAppend(
        &text, "  ", change.measure, ": ",
        absl::StrFormat("%+.1f %% at each rate", change.measure_percent));
    if (change.bytes_percent) {
      absl::StrAppendFormat(&text, ", %+.1f %% bytes where it is equal",
                            *change.bytes_percent);
    }
    absl::StrAppend(&text, "\n");
  }
  absl::StrAppend(&text, Verdict(report), report.codec_folder, ": codec id ",
                  report.codec_id, ", was ", report.parent_id, "\n");
  return text;
}

std::string AdaptReportToJson(const AdaptReport& report) {
  nlohmann::json rates = nlohmann::json::array();
  for (size_t rate = 0; rate < report.before.size(); ++rate) {
    rates.push_back({{"rate", rate},
                     {"before", ToJson(report, report.before[rate])},
                     {"tables_anew", ToJson(report, report.tables[rate])},
                     {"adapted", ToJson(report, report.adapted[rate])}});
  }
  nlohmann::json changes = nlohmann::json::array();
  for (const AdaptChange& change : ChangesOf(report)) {
    nlohmann::json bytes;  // Null where it is undefined.
    if (change.bytes_percent) bytes = *change.bytes_percent;
    changes.push_back({{"measure", change.measure},
                       {"percent_at_each_rate", change.measure_percent},
                       {"bytes_percent_where_equal", std::move(bytes)},
                       {"better", change.is_better}});
  }
  const nlohmann::json json = {{"parent_id", report.parent_id},
                               {"codec_id", report.codec_id},
                               {"num_frames", report.num_frames},
                               {"num_holdout", report.num_holdout},
                               {"steps", report.steps},
                               {"rates", std::move(rates)},
                               {"adapted_against_tables_anew", changes},
                               {"better", IsBetter(report)}};
  return json.dump(2) + "\n";
}

}  // namespace sluice::train
