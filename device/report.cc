#include "device/report.h"

#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace sluice::device {
namespace {

using Json = nlohmann::ordered_json;

std::string CodeName(absl::StatusCode code) {
  return absl::StatusCodeToString(code);
}

Json ErrorToJson(const absl::Status& status) {
  return {{"code", CodeName(status.code())},
          {"message", std::string(status.message())}};
}

Json ViewToJson(const vision::ViewRule& rule,
                const vision::Geometry& geometry) {
  return {{"rule", vision::ToString(rule)},
          {"width", geometry.valid.width},
          {"height", geometry.valid.height},
          {"padded_width", geometry.padded.width},
          {"padded_height", geometry.padded.height},
          {"source_width", geometry.source.width},
          {"source_height", geometry.source.height}};
}

Json TimingsToJson(const Timings& timings) {
  return {{"read", timings.read},
          {"preprocess", timings.preprocess},
          {"encode", timings.encode},
          {"entropy_code", timings.entropy_code},
          {"round_trip", timings.round_trip},
          {"waiting", timings.waiting},
          {"server_queue", timings.server_queue},
          {"server_entropy_decode", timings.server_entropy_decode},
          {"server_batch_wait", timings.server_batch_wait},
          {"server_decoder_network", timings.server_decoder_network},
          {"server_tail", timings.server_tail},
          {"server_postprocess", timings.server_postprocess},
          {"server_total", timings.server_total},
          {"network", timings.network()},
          {"total", timings.total()}};
}

Json ResultToJson(const TailResult& result) {
  Json json = {{"tail", result.tail}};
  if (!result.status.ok()) {
    json["error"] = ErrorToJson(result.status);
    return json;
  }
  json["top"] = Json::array();
  for (const RankedLabel& label : result.top) {
    json["top"].push_back({{"index", label.index},
                           {"label", label.label},
                           {"score", label.score}});
  }
  return json;
}

void AddPayload(const PictureReport& report, Json* json) {
  if (report.image) {
    (*json)["image_bytes"] = report.image->bytes;
    (*json)["image_format"] = ToString(report.image->format);
    (*json)["image_quality"] = report.image->quality;
  } else {
    (*json)["frame_bytes"] = report.frame_bytes;
    (*json)["rate"] = report.rate;
  }
  (*json)["wire_bytes"] = report.wire_bytes;
  (*json)["bpp"] = report.bpp();
  if (report.jpeg) {
    (*json)["jpeg_bytes"] = report.jpeg->bytes;
    (*json)["jpeg_quality"] = report.jpeg->quality;
  }
}

}  // namespace

double PictureReport::bpp() const {
  const double pixels =
      static_cast<double>(geometry.valid.width) * geometry.valid.height;
  return pixels > 0 ? 8.0 * static_cast<double>(sent_bytes()) / pixels : 0.0;
}

bool PictureReport::ok() const {
  if (!status.ok()) return false;
  for (const TailResult& result : results) {
    if (!result.status.ok()) return false;
  }
  return true;
}

const char* ToString(vision::PictureFormat format) {
  switch (format) {
    case vision::PictureFormat::kJpeg:
      return "jpeg";
    case vision::PictureFormat::kPng:
      return "png";
    case vision::PictureFormat::kWebp:
      return "webp";
  }
  return "unknown";
}

std::string ToUtcText(std::chrono::system_clock::time_point time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", absl::FromChrono(time),
                          absl::UTCTimeZone());
}

std::string ToJsonLine(const PictureReport& report) {
  Json json = {{"source", report.source},
               {"sequence", report.sequence},
               {"dropped", report.num_dropped},
               {"captured", ToUtcText(report.captured)}};
  if (report.status.ok()) {
    AddPayload(report, &json);
    json["view"] = ViewToJson(report.view, report.geometry);
    json["timings_ms"] = TimingsToJson(report.timings);
    json["results"] = Json::array();
    for (const TailResult& result : report.results) {
      json["results"].push_back(ResultToJson(result));
    }
  } else {
    json["error"] = ErrorToJson(report.status);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::device
