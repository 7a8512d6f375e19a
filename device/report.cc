#include "device/report.h"

#include <cmath>
#include <utility>
#include <variant>

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

// Lines stay short without digits that say nothing.
double Rounded(double value, double units) {
  return std::round(value * units) / units;
}

Json LabelsToJson(const std::vector<RankedLabel>& labels) {
  Json json = Json::array();
  for (const RankedLabel& label : labels) {
    json.push_back({{"index", label.index},
                    {"label", label.label},
                    {"score", label.score}});
  }
  return json;
}

Json BoxesToJson(const std::vector<LabelledBox>& boxes) {
  const auto place = [](float pixels) { return Rounded(pixels, 100); };
  Json json = Json::array();
  for (const LabelledBox& box : boxes) {
    json.push_back({{"index", box.class_index},
                    {"label", box.label},
                    {"score", Rounded(box.score, 1e4)},
                    {"x_min", place(box.box.x_min)},
                    {"y_min", place(box.box.y_min)},
                    {"x_max", place(box.box.x_max)},
                    {"y_max", place(box.box.y_max)}});
  }
  return json;
}

Json MaskToJson(const LabelledMask& mask, JsonMasks masks) {
  Json json = {{"width", mask.mask.size.width},
               {"height", mask.mask.size.height},
               {"classes", Json::array()}};
  for (const ClassShare& share : SharesOf(mask.mask)) {
    json["classes"].push_back(
        {{"index", share.class_index},
         {"label", ClassName(mask.labels, share.class_index)},
         {"share", Rounded(share.share, 1e4)}});
  }
  if (masks == JsonMasks::kRunLengths) {
    task::RunLengths runs = task::EncodeRuns(mask.mask);
    json["run_lengths"] = {{"class_index", std::move(runs.classes)},
                           {"length", std::move(runs.lengths)}};
  }
  return json;
}

Json TensorsToJson(const std::vector<TensorSummary>& tensors) {
  Json json = Json::array();
  for (const TensorSummary& tensor : tensors) {
    json.push_back({{"name", tensor.name},
                    {"shape", tensor.shape},
                    {"bytes", tensor.bytes}});
  }
  return json;
}

void AddOutput(const TailOutput& output, JsonMasks masks, Json* json) {
  if (const auto* labels = std::get_if<std::vector<RankedLabel>>(&output)) {
    (*json)["top"] = LabelsToJson(*labels);
  } else if (const auto* boxes =
                 std::get_if<std::vector<LabelledBox>>(&output)) {
    (*json)["boxes"] = BoxesToJson(*boxes);
  } else if (const auto* mask = std::get_if<LabelledMask>(&output)) {
    (*json)["mask"] = MaskToJson(*mask, masks);
  } else {
    (*json)["tensors"] =
        TensorsToJson(std::get<std::vector<TensorSummary>>(output));
  }
}

Json ResultToJson(const TailResult& result, JsonMasks masks) {
  Json json = {{"tail", result.tail}};
  if (result.status.ok()) {
    AddOutput(result.output, masks, &json);
    json["bytes"] = result.bytes;
  } else {
    json["error"] = ErrorToJson(result.status);
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
  (*json)["answer_bytes"] = report.answer_bytes;
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

std::string ToJsonLine(const PictureReport& report, JsonMasks masks) {
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
      json["results"].push_back(ResultToJson(result, masks));
    }
  } else {
    json["error"] = ErrorToJson(report.status);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::device
