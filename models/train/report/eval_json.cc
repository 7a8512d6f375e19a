#include "models/train/report/eval_json.h"

#include "models/train/figures/figure_definitions.h"
#include "models/train/figures/task_words.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Interval& interval) {
  return Json::array({interval.low, interval.high});
}

Json ClassesToJson(const Evaluation& evaluation,
                   const std::vector<ClassFigures>& classes) {
  const TaskWords& words = WordsOf(evaluation.task);
  Json json = Json::array();
  for (size_t k = 0; k < classes.size(); ++k) {
    Json entry = {{"name", evaluation.class_names[k]},
                  {words.counted, classes[k].count}};
    for (size_t i = 0; i < words.of_class.size(); ++i) {
      const std::optional<double>& quality = classes[k].qualities[i];
      if (quality.has_value()) entry[words.of_class[i].key] = *quality;
    }
    json.push_back(std::move(entry));
  }
  return json;
}

Json PointToJson(const Evaluation& evaluation, const OperatingPoint& point,
                 const PointFigures& figures) {
  const TaskWords& words = WordsOf(evaluation.task);
  const std::string& key = words.quality.key;
  Json json = {{"setting", point.setting}, {"scored_by", point.scored_by}};
  if (figures.mean_bytes > 0) {
    json["bytes_mean"] = figures.mean_bytes;
    json["bytes_p95"] = figures.p95_bytes;
    json["bpp"] = figures.bpp;
  }
  json[key] = figures.quality;
  if (figures.top1_standard_error.has_value()) {
    json["top1_se"] = *figures.top1_standard_error;
  }
  if (figures.quality_interval.has_value()) {
    json[key + "_interval"] = ToJson(*figures.quality_interval);
  }
  for (size_t i = 0; i < words.others.size(); ++i) {
    json[words.others[i].key] = figures.others[i];
  }
  if (figures.drop.has_value()) json["drop"] = *figures.drop;
  if (figures.drop_interval.has_value()) {
    json["drop_interval"] = ToJson(*figures.drop_interval);
  }
  if (figures.mean_kl.has_value()) json["kl_to_teacher"] = *figures.mean_kl;
  return json;
}

// With the figures of its classes, where it has such.
Json DetailedPointToJson(const Evaluation& evaluation,
                         const OperatingPoint& point,
                         const PointFigures& figures) {
  Json json = PointToJson(evaluation, point, figures);
  if (!figures.classes.empty()) {
    json["classes"] = ClassesToJson(evaluation, figures.classes);
  }
  return json;
}

const char* KindName(BytesNeeded::Kind kind) {
  switch (kind) {
    case BytesNeeded::Kind::kInterpolated:
      return "interpolated";
    case BytesNeeded::Kind::kAtMost:
      return "at most";
    case BytesNeeded::Kind::kOutOfReach:
      break;
  }
  return "out of reach";
}

Json BytesAtDropsToJson(const std::vector<BytesNeeded>& bytes_at_drops) {
  Json json = Json::array();
  for (size_t i = 0; i < bytes_at_drops.size(); ++i) {
    const BytesNeeded& needed = bytes_at_drops[i];
    Json entry = {{"drop", kDrops[i]}, {"kind", KindName(needed.kind)}};
    if (needed.kind != BytesNeeded::Kind::kOutOfReach) {
      entry["bytes"] = needed.bytes;
    }
    json.push_back(std::move(entry));
  }
  return json;
}

Json LatenciesToJson(const std::vector<Latency>& latencies) {
  Json json = Json::array();
  for (const Latency& latency : latencies) {
    json.push_back({{"setting", latency.setting},
                    {"num_threads", latency.num_threads},
                    {"encode_ms", latency.encode_ms},
                    {"answer_ms", latency.answer_ms}});
  }
  return json;
}

Json MethodToJson(const Evaluation& evaluation, const Method& method,
                  const MethodFigures& figures) {
  Json json = {{"name", method.name}, {"learned", method.learned}};
  if (method.learned) {
    json["codec_id"] = method.codec_id;
    json["tail"] = method.tail;
    json["usual_setting"] = method.usual_setting;
  }
  if (method.encoder.has_value()) {
    json["encoder"] = {{"bytes", method.encoder->bytes},
                       {"parameters", method.encoder->parameters},
                       {"mmac_224", method.encoder->mmac_224}};
  }
  json["points"] = Json::array();
  for (size_t p = 0; p < method.points.size(); ++p) {
    const auto to_json = method.learned ? DetailedPointToJson : PointToJson;
    json["points"].push_back(
        to_json(evaluation, method.points[p], figures.points[p]));
  }
  json["bytes_at_drops"] = BytesAtDropsToJson(figures.bytes_at_drops);
  json["latencies"] = LatenciesToJson(method.latencies);
  return json;
}

Json BdRateToJson(const BdRateFigure& figure) {
  const BdRate& rate = figure.rate;
  Json json = Json::object();
  if (rate.percent.has_value()) {
    json["percent"] = *rate.percent;
  } else {
    json["undefined"] = rate.undefined;
  }
  if (figure.interval.has_value()) {
    json["percent_interval"] = ToJson(*figure.interval);
  }
  json["quality_interval"] = ToJson(rate.interval);
  json["method_points"] = rate.method_points;
  json["anchor_points"] = rate.anchor_points;
  return json;
}

Json PairToJson(const Evaluation& evaluation, const PairFigures& pair) {
  const TaskWords& words = WordsOf(evaluation.task);
  Json json = {{"method", evaluation.methods[pair.method].name},
               {"anchor", evaluation.methods[pair.anchor].name}};
  json["on_" + words.quality.key] = BdRateToJson(pair.on_quality);
  if (words.has_teacher) json["on_kl"] = BdRateToJson(pair.on_kl);
  return json;
}

Json SectionToJson(const ReportSection& section) {
  const auto& [evaluation, figures] = section;
  const TaskWords& words = WordsOf(evaluation.task);
  Json json = {{"task", words.name},
               {"data", evaluation.data},
               {"subset", evaluation.subset},
               {"view", evaluation.view},
               {"num_images", evaluation.pictures.size()}};
  if (figures.reference.has_value()) {
    json["reference"] = {{"name", figures.reference->name},
                         {words.quality.key, figures.reference->quality}};
  }
  if (evaluation.teacher.has_value()) {
    json["teacher"] =
        PointToJson(evaluation, *evaluation.teacher, *figures.teacher);
  }
  json["uncompressed"] = Json::array();
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    const OperatingPoint& measured = evaluation.uncompressed[i];
    Json point =
        DetailedPointToJson(evaluation, measured, figures.uncompressed[i]);
    point["method"] = measured.setting;
    point["setting"] = "uncompressed";
    json["uncompressed"].push_back(std::move(point));
  }
  json["methods"] = Json::array();
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    json["methods"].push_back(
        MethodToJson(evaluation, evaluation.methods[m], figures.methods[m]));
  }
  json["bd_rates"] = Json::array();
  for (const PairFigures& pair : figures.pairs) {
    json["bd_rates"].push_back(PairToJson(evaluation, pair));
  }
  json["warnings"] = evaluation.warnings;
  return json;
}

}  // namespace

std::string ReportToJson(const Report& report) {
  Json json = Json::object();
  if (!report.empty()) {
    const Evaluation& run = report.front().evaluation;
    json["version"] = run.version;
    json["command_line"] = run.command_line;
    json["machine"] = run.machine;
  }
  json["sections"] = Json::array();
  for (const ReportSection& section : report) {
    json["sections"].push_back(SectionToJson(section));
  }
  json["definitions"] = Json::object();
  for (const Definition& definition : FigureDefinitions(TasksOf(report))) {
    json["definitions"][definition.term] = definition.text;
  }
  // Names may hold any bytes; a report is UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::train
