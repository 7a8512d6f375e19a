#include "models/train/adapt/adapt.h"

#include <c10/util/Exception.h>

#include <iostream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/model/compute.h"
#include "models/train/adapt/adapt_frames.h"
#include "models/train/adapt/adapt_inputs.h"
#include "models/train/adapt/adapt_measure.h"
#include "models/train/adapt/adapt_training.h"
#include "models/train/tools/retable.h"
#include "models/train/tools/verify.h"
#include "models/train/training/compute_device.h"
#include "nlohmann/json.hpp"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;

constexpr int kMetricPictures = 256;
constexpr size_t kMaxSettingsBytes = 1u << 20;

// What a resumed run must have in common with the one it goes on with.
nlohmann::json SettingsOf(const AdaptOptions& options,
                          const AdaptInputs& inputs) {
  nlohmann::json tails = nlohmann::json::array();
  for (const artifact::TailArtifact& tail : inputs.tails) {
    tails.push_back(tail.digest);
  }
  return {{"codec_id", inputs.codec.id},
          {"tails", std::move(tails)},
          {"frames", fs::absolute(options.frames).string()},
          {"holdout", options.holdout},
          {"steps", options.steps},
          {"view", vision::ToString(options.view)},
          {"seed", options.seed}};
}

absl::Status CheckSettings(const fs::path& path,
                           const nlohmann::json& expected) {
  const absl::StatusOr<std::vector<uint8_t>> bytes =
      base::ReadFile(path, kMaxSettingsBytes);
  if (!bytes.ok()) {
    return absl::NotFoundError(absl::StrCat(
        "nothing to resume: ", std::string(bytes.status().message())));
  }
  const nlohmann::json found = nlohmann::json::parse(*bytes, nullptr, false);
  if (!found.is_object()) {
    return absl::DataLossError(
        absl::StrCat(path.string(), ": expected a JSON object"));
  }
  for (const auto& [key, value] : expected.items()) {
    const nlohmann::json was = found.value(key, nlohmann::json());
    if (was == value) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--resume: expected ", key, " ", was.dump(),
                     " as the run began with, found ", value.dump()));
  }
  return absl::OkStatus();
}

// The frames of a fresh run, or those of the run that is resumed.
absl::StatusOr<AdaptFrames> TakeFrames(const AdaptOptions& options,
                                       const AdaptInputs& inputs) {
  const fs::path settings_file = inputs.work / "settings.json";
  const nlohmann::json settings = SettingsOf(options, inputs);
  if (options.resume) {
    SLUICE_RETURN_IF_ERROR(CheckSettings(settings_file, settings));
    return OpenFrames(inputs.work);
  }
  std::error_code error;
  fs::create_directories(inputs.work, error);
  if (!error) fs::remove_all(inputs.work / "checkpoint", error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(inputs.work.string(), ": ", error.message()));
  }
  SLUICE_ASSIGN_OR_RETURN(const AdaptFrames frames,
                          PackFrames(options, inputs.work));
  SLUICE_RETURN_IF_ERROR(
      base::WriteFileAtomically(settings_file, settings.dump(2)));
  return frames;
}

absl::StatusOr<TrainingData> OpenData(const AdaptOptions& options,
                                      const AdaptInputs& inputs,
                                      const AdaptFrames& frames,
                                      at::Device device) {
  SLUICE_ASSIGN_OR_RETURN(
      PictureBatches pictures,
      PictureBatches::Open({frames.train}, {}, options.seed));
  SLUICE_ASSIGN_OR_RETURN(
      PictureBatches holdout,
      PictureBatches::Open({frames.holdout}, {}, options.seed));
  SLUICE_ASSIGN_OR_RETURN(
      TeacherParts teacher,
      TeacherFromArtifacts(inputs.codec, inputs.tails.front(), device));
  return TrainingData{.pictures = std::move(pictures),
                      .holdout = std::move(holdout),
                      .teacher = std::move(teacher),
                      .device = device};
}

// What codec.json says beside the canonical part; the parent's figures no
// longer hold.
nlohmann::json AboutOf(const AdaptOptions& options, const AdaptInputs& inputs,
                       const AdaptFrames& frames) {
  nlohmann::json about = inputs.codec.about;
  about.erase("measured");
  about["adapted"] = {{"from", inputs.codec.id},
                      {"num_frames", frames.num_train},
                      {"steps", options.steps},
                      {"seed", options.seed},
                      {"view", vision::ToString(options.view)}};
  return about;
}

// Trains, and writes the codec with its tables counted anew.
absl::Status WriteAdapted(const AdaptOptions& options,
                          const AdaptInputs& inputs, const AdaptFrames& frames,
                          const TrainingData& data,
                          const FeatureMetric& metric) {
  TrainOptions train;
  train.out = inputs.work;
  train.max_steps = options.max_steps;
  std::error_code absent;  // Cut off before the first checkpoint.
  if (options.resume && fs::exists(inputs.work / "checkpoint", absent)) {
    train.resume = inputs.work;
  }
  const AdaptTraining training = {.codec = inputs.codec,
                                  .data = data,
                                  .metric = metric,
                                  .name = inputs.name,
                                  .steps = options.steps,
                                  .seed = options.seed};
  SLUICE_ASSIGN_OR_RETURN(const AdaptedEncoder adapted,
                          AdaptEncoder(training, train));
  artifact::CodecSpec spec = inputs.codec.spec;
  spec.name = inputs.name;
  const fs::path old_tables = inputs.work / "adapted";
  SLUICE_RETURN_IF_ERROR(artifact::WriteCodec(old_tables, spec, adapted.tables,
                                              adapted.encoder,
                                              inputs.codec.decoder,
                                              AboutOf(options, inputs, frames))
                             .status());
  return RetableCodec({.codec = old_tables,
                       .data = frames.train,
                       .out = inputs.codec_folder,
                       .check = {}})
      .status();
}

// Writes the tails, which stay as they are, for the new codec as well, and
// runs them behind it.
absl::Status RebindTails(const AdaptInputs& inputs, const std::string& id) {
  for (size_t i = 0; i < inputs.tails.size(); ++i) {
    const artifact::TailArtifact& tail = inputs.tails[i];
    artifact::TailSpec spec = tail.spec;
    spec.codec_ids.push_back(id);
    SLUICE_RETURN_IF_ERROR(artifact::WriteTail(
        inputs.tail_folders[i], spec, tail.labels, tail.weights, tail.about));
    SLUICE_RETURN_IF_ERROR(VerifyArtifact({.artifact = inputs.tail_folders[i],
                                           .codec = inputs.codec_folder})
                               .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<AdaptReport> Report(const AdaptOptions& options,
                                   const AdaptInputs& inputs,
                                   const AdaptFrames& frames,
                                   FeatureMetric metric) {
  metric.factor = metric.factor.cpu();
  AdaptReport report;
  report.parent_id = inputs.codec.id;
  report.codec_folder = inputs.codec_folder.string();
  report.num_frames = frames.num_train;
  report.num_holdout = frames.num_holdout;
  report.steps = options.steps;
  for (const artifact::TailArtifact& tail : inputs.tails) {
    report.tails.push_back(tail.spec.name);
  }
  const auto measure =
      [&](const fs::path& folder,
          const char* label) -> absl::StatusOr<std::vector<AdaptPoint>> {
    SLUICE_ASSIGN_OR_RETURN(LoadedCodec codec,
                            LoadedCodec::Load(folder, options.num_threads));
    report.codec_id = codec.artifact().id;  // The last one's stays.
    return MeasureCodec(frames.holdout, metric, inputs.networks, label, &codec);
  };
  SLUICE_ASSIGN_OR_RETURN(report.before,
                          measure(options.codec, "measuring before"));
  SLUICE_ASSIGN_OR_RETURN(report.tables,
                          measure(inputs.work / "tables", "measuring tables"));
  SLUICE_ASSIGN_OR_RETURN(report.adapted,
                          measure(inputs.codec_folder, "measuring adapted"));
  return report;
}

absl::StatusOr<AdaptReport> Adapt(const AdaptOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const at::Device device,
                          OpenComputeDevice(options.device));
  model::SetComputeThreads(options.num_threads);
  SLUICE_ASSIGN_OR_RETURN(const AdaptInputs inputs, LoadAdaptInputs(options));
  SLUICE_ASSIGN_OR_RETURN(const AdaptFrames frames,
                          TakeFrames(options, inputs));
  SLUICE_ASSIGN_OR_RETURN(const TrainingData data,
                          OpenData(options, inputs, frames, device));
  const FeatureMetric metric = EstimateFeatureMetric(
      data.teacher, data.pictures, kMetricPictures, options.seed, device);
  SLUICE_RETURN_IF_ERROR(WriteAdapted(options, inputs, frames, data, metric));
  SLUICE_RETURN_IF_ERROR(RetableCodec({.codec = options.codec,
                                       .data = frames.train,
                                       .out = inputs.work / "tables",
                                       .check = {}})
                             .status());
  SLUICE_ASSIGN_OR_RETURN(const AdaptReport report,
                          Report(options, inputs, frames, metric));
  SLUICE_RETURN_IF_ERROR(RebindTails(inputs, report.codec_id));
  return report;
}

}  // namespace

absl::StatusOr<AdaptReport> AdaptCodec(const AdaptOptions& options) {
  try {
    return Adapt(options);
  } catch (const c10::Error& failure) {
    return absl::InternalError(
        absl::StrCat("adapting failed: ", failure.what_without_backtrace()));
  }
}

}  // namespace sluice::train
