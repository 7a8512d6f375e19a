#include "models/train/record.h"

#include <cmath>
#include <utility>
#include <vector>

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
Json MeasuredOf(const Evaluation& evaluation, const EvaluationFigures& figures,
                size_t method) {
  const std::vector<OperatingPoint>& points = evaluation.methods[method].points;
  Json rows = Json::array();
  for (size_t p = 0; p < points.size(); ++p) {
    const PointFigures& point = figures.methods[method].points[p];
    rows.push_back({{"setting", points[p].setting},
                    {"frame_bytes_mean", Tenths(point.mean_bytes)},
                    {"top1", FourDecimals(point.top1)}});
  }
  Json measured = {
      {"data", evaluation.data},
      {"view", evaluation.view},
      {"num_images", evaluation.pictures.size()},
      {"uncompressed_top1", FourDecimals(figures.uncompressed[method].top1)},
      {"points", std::move(rows)}};
  if (figures.teacher.has_value()) {
    measured["teacher_top1"] = FourDecimals(figures.teacher->top1);
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

absl::Status RecordMethod(const Evaluation& evaluation,
                          const EvaluationFigures& figures, size_t method,
                          const std::filesystem::path& codec,
                          const std::filesystem::path& tail) {
  const Method& measured = evaluation.methods[method];
  SLUICE_ASSIGN_OR_RETURN(
      const artifact::CodecArtifact measured_codec,
      artifact::LoadCodec(codec, artifact::CodecHalf::kBoth));
  SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact measured_tail,
                          artifact::LoadTail(tail));
  if (measured_codec.id != measured.codec_id) {
    return absl::FailedPreconditionError(
        absl::StrCat(codec.string(), ": expected codec id ", measured.codec_id,
                     ", which was measured, found ", measured_codec.id));
  }
  Json of_codec = MeasuredOf(evaluation, figures, method);
  of_codec["tail"] = measured.tail;
  if (measured.encoder.has_value()) {
    of_codec["encoder_mmac_224"] = Tenths(measured.encoder->mmac_224);
  }
  Json of_tail = MeasuredOf(evaluation, figures, method);
  of_tail["codec"] = measured_codec.spec.name;
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
