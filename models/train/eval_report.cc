#include "models/train/eval_report.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/train/text_table.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using Json = nlohmann::ordered_json;

Json ScoreToJson(const Score& score) {
  Json json = {{"top1", score.top1},
               {"top1_se", score.top1_standard_error},
               {"top5", score.top5}};
  if (score.kl_to_teacher.has_value()) {
    json["kl_to_teacher"] = *score.kl_to_teacher;
  }
  return json;
}

Json PointToJson(const RatePoint& point) {
  Json json = {{"rate", point.rate},
               {"frame_bytes_mean", point.cost.bytes_mean},
               {"frame_bytes_p95", point.cost.bytes_p95},
               {"bpp", point.cost.bpp}};
  json.update(ScoreToJson(point.score));
  return json;
}

Json BaselineToJson(const BaselinePoint& point) {
  Json json = {{"codec", point.codec},
               {"quality", point.quality},
               {"bytes_mean", point.cost.bytes_mean},
               {"bytes_p95", point.cost.bytes_p95},
               {"bpp", point.cost.bpp}};
  json.update(ScoreToJson(point.best()));
  json["top1_ours"] = point.ours.top1;
  json["top5_ours"] = point.ours.top5;
  if (point.teacher.has_value()) {
    json["top1_teacher"] = point.teacher->top1;
    json["top5_teacher"] = point.teacher->top5;
  }
  return json;
}

// One row of the table and of the CSV; pictures that were not compressed cost
// nothing here.
struct Row {
  std::string path;
  std::optional<Cost> cost;
  Score score;
};

std::vector<Row> RowsOf(const EvalReport& report) {
  std::vector<Row> rows;
  if (report.teacher.has_value()) {
    rows.push_back({"teacher", std::nullopt, *report.teacher});
  }
  rows.push_back({"pixel entrance", std::nullopt, report.uncompressed});
  for (const RatePoint& point : report.points) {
    rows.push_back(
        {absl::StrCat("rate ", point.rate), point.cost, point.score});
  }
  for (const BaselinePoint& point : report.baselines) {
    rows.push_back({absl::StrCat(point.codec, " q", point.quality), point.cost,
                    point.best()});
  }
  return rows;
}

std::string ComputeToText(const Compute& compute) {
  return absl::StrFormat(
      "encoder: %.1f MMAC at 224x224; here %.2f ms, entropy coding %.2f ms\n"
      "decoder: %.1f MMAC at 224x224; here %.2f ms (batches of %d), entropy "
      "decoding %.2f ms\n",
      compute.encoder_mmac_224, compute.encode_ms, compute.entropy_encode_ms,
      compute.decoder_mmac_224, compute.decode_ms, compute.decode_batch_size,
      compute.entropy_decode_ms);
}

}  // namespace

std::string ReportToJson(const EvalReport& report) {
  Json json = {{"codec", report.codec_name},
               {"codec_id", report.codec_id},
               {"tail", report.tail_name},
               {"data", report.data},
               {"view", report.view},
               {"num_images", report.num_images},
               {"uncompressed", ScoreToJson(report.uncompressed)}};
  if (report.teacher.has_value()) {
    json["teacher"] = ScoreToJson(*report.teacher);
  }
  json["points"] = Json::array();
  for (const RatePoint& point : report.points) {
    json["points"].push_back(PointToJson(point));
  }
  json["baselines"] = Json::array();
  for (const BaselinePoint& point : report.baselines) {
    json["baselines"].push_back(BaselineToJson(point));
  }
  const Compute& compute = report.compute;
  json["encoder"] = {{"mmac_224", compute.encoder_mmac_224},
                     {"ms_encode_mean", compute.encode_ms},
                     {"ms_entropy_code_mean", compute.entropy_encode_ms}};
  json["decoder"] = {{"mmac_224", compute.decoder_mmac_224},
                     {"ms_decode_mean", compute.decode_ms},
                     {"ms_entropy_decode_mean", compute.entropy_decode_ms},
                     {"batch_size", compute.decode_batch_size}};
  // Names may hold any bytes; a report is UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ReportToCsv(const EvalReport& report) {
  std::string csv =
      "path,bytes_mean,bytes_p95,bpp,top1,top1_se,top5,kl_to_teacher\n";
  for (const Row& row : RowsOf(report)) {
    absl::StrAppend(&csv, row.path);
    if (row.cost.has_value()) {
      absl::StrAppendFormat(&csv, ",%.1f,%.1f,%.5f", row.cost->bytes_mean,
                            row.cost->bytes_p95, row.cost->bpp);
    } else {
      absl::StrAppend(&csv, ",,,");
    }
    absl::StrAppendFormat(&csv, ",%.5f,%.5f,%.5f,", row.score.top1,
                          row.score.top1_standard_error, row.score.top5);
    if (row.score.kl_to_teacher.has_value()) {
      absl::StrAppendFormat(&csv, "%.5f", *row.score.kl_to_teacher);
    }
    csv += '\n';
  }
  return csv;
}

std::string ReportToText(const EvalReport& report) {
  TextTable table(
      {"path", "bytes", "p95", "bpp", "top-1 %", "+-", "top-5 %", "KL nats"});
  for (const Row& row : RowsOf(report)) {
    std::vector<std::string> cells = {row.path, "", "", ""};
    if (row.cost.has_value()) {
      cells[1] = absl::StrFormat("%.0f", row.cost->bytes_mean);
      cells[2] = absl::StrFormat("%.0f", row.cost->bytes_p95);
      cells[3] = absl::StrFormat("%.3f", row.cost->bpp);
    }
    cells.push_back(absl::StrFormat("%.1f", 100 * row.score.top1));
    cells.push_back(
        absl::StrFormat("%.1f", 100 * row.score.top1_standard_error));
    cells.push_back(absl::StrFormat("%.1f", 100 * row.score.top5));
    if (row.score.kl_to_teacher.has_value()) {
      cells.push_back(absl::StrFormat("%.3f", *row.score.kl_to_teacher));
    }
    table.AddRow(std::move(cells));
  }
  return absl::StrCat(report.codec_name, " + ", report.tail_name, " on ",
                      report.num_images, " pictures of ", report.data,
                      ", view ", report.view, "\n\n", table.ToString(), "\n",
                      ComputeToText(report.compute));
}

}  // namespace sluice::train
