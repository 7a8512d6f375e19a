#include "models/train/record.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using Json = nlohmann::json;

double Tenths(double value) { return std::round(value * 10) / 10; }
double FourDecimals(double value) { return std::round(value * 1e4) / 1e4; }

// What codec and tail both keep.
Json MeasuredOf(const EvalReport& report) {
  Json points = Json::array();
  for (const RatePoint& point : report.points) {
    points.push_back({{"rate", point.rate},
                      {"frame_bytes_mean", Tenths(point.cost.bytes_mean)},
                      {"top1", FourDecimals(point.score.top1)}});
  }
  Json measured = {
      {"data", report.data},
      {"view", report.view},
      {"num_images", report.num_images},
      {"uncompressed_top1", FourDecimals(report.uncompressed.top1)},
      {"points", std::move(points)}};
  if (report.teacher.has_value()) {
    measured["teacher_top1"] = FourDecimals(report.teacher->top1);
  }
  return measured;
}

// `about` with that under "measured"; nothing at all counts as empty.
absl::StatusOr<Json> WithMeasured(Json about, Json measured,
                                  const std::filesystem::path& file) {
  if (!about.is_null() && !about.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.string(), ": about: expected an object, found ",
                     about.type_name()));
  }
  about["measured"] = std::move(measured);
  return about;
}

}  // namespace

absl::Status RecordReport(const EvalReport& report,
                          const std::filesystem::path& codec,
                          const std::filesystem::path& tail) {
  SLUICE_ASSIGN_OR_RETURN(
      const artifact::CodecArtifact measured_codec,
      artifact::LoadCodec(codec, artifact::CodecHalf::kBoth));
  SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact measured_tail,
                          artifact::LoadTail(tail));
  if (measured_codec.id != report.codec_id) {
    return absl::FailedPreconditionError(
        absl::StrCat(codec.string(), ": expected codec id ", report.codec_id,
                     ", which was measured, found ", measured_codec.id));
  }
  Json of_codec = MeasuredOf(report);
  of_codec["tail"] = report.tail_name;
  of_codec["encoder_mmac_224"] = Tenths(report.compute.encoder_mmac_224);
  Json of_tail = MeasuredOf(report);
  of_tail["codec"] = report.codec_name;
  SLUICE_ASSIGN_OR_RETURN(
      const Json codec_about,
      WithMeasured(measured_codec.about, std::move(of_codec),
                   codec / "codec.json"));
  SLUICE_ASSIGN_OR_RETURN(const Json tail_about,
                          WithMeasured(measured_tail.about, std::move(of_tail),
                                       tail / "tail.json"));
  SLUICE_RETURN_IF_ERROR(artifact::RewriteCodecAbout(codec, codec_about));
  return artifact::RewriteTailAbout(tail, tail_about);
}

}  // namespace sluice::train
