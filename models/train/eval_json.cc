#include "models/train/eval_json.h"

#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Interval& interval) {
  return Json::array({interval.low, interval.high});
}

Json PointToJson(const OperatingPoint& point, const PointFigures& figures) {
  Json json = {{"setting", point.setting}, {"scored_by", point.scored_by}};
  if (figures.mean_bytes > 0) {
    json["bytes_mean"] = figures.mean_bytes;
    json["bytes_p95"] = figures.p95_bytes;
    json["bpp"] = figures.bpp;
  }
  json["top1"] = figures.top1;
  json["top1_se"] = figures.top1_standard_error;
  if (figures.top1_interval.has_value()) {
    json["top1_interval"] = ToJson(*figures.top1_interval);
  }
  json["top5"] = figures.top5;
  if (figures.drop.has_value()) json["drop"] = *figures.drop;
  if (figures.drop_interval.has_value()) {
    json["drop_interval"] = ToJson(*figures.drop_interval);
  }
  if (figures.mean_kl.has_value()) json["kl_to_teacher"] = *figures.mean_kl;
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

Json MethodToJson(const Method& method, const MethodFigures& figures) {
  Json json = {{"name", method.name}, {"learned", method.learned}};
  if (method.learned) {
    json["codec_id"] = method.codec_id;
    json["tail"] = method.tail;
  }
  if (method.encoder.has_value()) {
    json["encoder"] = {{"bytes", method.encoder->bytes},
                       {"parameters", method.encoder->parameters},
                       {"mmac_224", method.encoder->mmac_224}};
  }
  json["points"] = Json::array();
  for (size_t p = 0; p < method.points.size(); ++p) {
    json["points"].push_back(PointToJson(method.points[p], figures.points[p]));
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
  return {{"method", evaluation.methods[pair.method].name},
          {"anchor", evaluation.methods[pair.anchor].name},
          {"on_top1", BdRateToJson(pair.on_top1)},
          {"on_kl", BdRateToJson(pair.on_kl)}};
}

Json DescribeRun(const Evaluation& evaluation) {
  return {{"data", evaluation.data},
          {"view", evaluation.view},
          {"num_images", evaluation.pictures.size()},
          {"version", evaluation.version},
          {"command_line", evaluation.command_line},
          {"machine", evaluation.machine}};
}

}  // namespace

std::string EvaluationToJson(const Evaluation& evaluation,
                             const EvaluationFigures& figures) {
  Json json = DescribeRun(evaluation);
  if (figures.reference.has_value()) {
    json["reference"] = {{"name", figures.reference->name},
                         {"top1", figures.reference->top1}};
  }
  if (evaluation.teacher.has_value()) {
    json["teacher"] = PointToJson(*evaluation.teacher, *figures.teacher);
  }
  json["uncompressed"] = Json::array();
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    Json point =
        PointToJson(evaluation.uncompressed[i], figures.uncompressed[i]);
    point["method"] = evaluation.uncompressed[i].setting;
    point["setting"] = "uncompressed";
    json["uncompressed"].push_back(std::move(point));
  }
  json["methods"] = Json::array();
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    json["methods"].push_back(
        MethodToJson(evaluation.methods[m], figures.methods[m]));
  }
  json["bd_rates"] = Json::array();
  for (const PairFigures& pair : figures.pairs) {
    json["bd_rates"].push_back(PairToJson(evaluation, pair));
  }
  json["definitions"] = Json::object();
  for (const Definition& definition : FigureDefinitions()) {
    json["definitions"][definition.term] = definition.text;
  }
  json["warnings"] = evaluation.warnings;
  // Names may hold any bytes; a report is UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::train
