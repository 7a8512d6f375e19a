#include "models/train/eval/record.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "models/train/figures/task_words.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

using Json = nlohmann::json;

double Tenths(double value) { return std::round(value * 10) / 10; }
double FourDecimals(double value) { return std::round(value * 1e4) / 1e4; }

// The qualities of a point, by their keys.
Json QualitiesOf(const TaskWords& words, const PointFigures& figures) {
  Json json = {{words.quality.key, FourDecimals(figures.quality)}};
  for (size_t i = 0; i < words.others.size(); ++i) {
    json[words.others[i].key] = FourDecimals(figures.others[i]);
  }
  return json;
}

// Of a class the first figure, where there is one.
Json ClassesOf(const Evaluation& evaluation,
               const std::vector<ClassFigures>& classes) {
  const TaskWords& words = WordsOf(evaluation.task);
  Json json = Json::object();
  for (size_t k = 0; k < classes.size(); ++k) {
    const std::optional<double>& quality = classes[k].qualities.front();
    if (!quality.has_value()) continue;
    json[evaluation.class_names[k]] = {
        {words.of_class.front().key, FourDecimals(*quality)},
        {words.counted, classes[k].count}};
  }
  return json;
}

// What codec and tail both keep.
Json MeasuredOf(const Evaluation& evaluation, const EvaluationFigures& figures,
                size_t method) {
  const TaskWords& words = WordsOf(evaluation.task);
  const Method& measured_method = evaluation.methods[method];
  const MethodFigures& method_figures = figures.methods[method];
  Json rows = Json::array();
  for (size_t p = 0; p < measured_method.points.size(); ++p) {
    Json row = QualitiesOf(words, method_figures.points[p]);
    row["setting"] = measured_method.points[p].setting;
    row["frame_bytes_mean"] = Tenths(method_figures.points[p].mean_bytes);
    rows.push_back(std::move(row));
  }
  Json measured = {
      {"task", words.name},
      {"data", evaluation.data},
      {"subset", evaluation.subset},
      {"view", evaluation.view},
      {"num_images", evaluation.pictures.size()},
      {"uncompressed", QualitiesOf(words, figures.uncompressed[method])},
      {"points", std::move(rows)}};
  if (figures.teacher.has_value()) {
    measured["teacher"] = QualitiesOf(words, *figures.teacher);
  }
  const PointFigures* usual = UsualPoint(measured_method, method_figures);
  if (usual != nullptr && !usual->classes.empty()) {
    measured["usual_setting"] = measured_method.usual_setting;
    measured["classes"] = ClassesOf(evaluation, usual->classes);
  }
  return measured;
}

bool IsSameMeasurement(const Json& a, const Json& b) {
  constexpr const char* kKeys[] = {"data", "subset", "view", "codec", "tail"};
  return a.is_object() &&
         std::all_of(std::begin(kKeys), std::end(kKeys), [&](const char* key) {
           return a.value(key, Json()) == b.value(key, Json());
         });
}

// `about` with that among "measured"; nothing at all counts as empty.
absl::StatusOr<Json> WithMeasured(Json about, Json measured,
                                  const std::filesystem::path& file) {
  if (!about.is_null() && !about.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.string(), ": about: expected an object, found ",
                     about.type_name()));
  }
  Json& all = about["measured"];
  if (!all.is_array()) all = Json::array();
  const auto same = std::find_if(
      all.begin(), all.end(),
      [&](const Json& entry) { return IsSameMeasurement(entry, measured); });
  if (same != all.end()) {
    *same = std::move(measured);
  } else {
    all.push_back(std::move(measured));
  }
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
