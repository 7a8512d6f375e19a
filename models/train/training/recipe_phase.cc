#include "models/train/training/recipe_phase.h"

#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::train {
namespace {

absl::StatusOr<Phase> ReadPhase(const toml::table& table,
                                const std::string& where,
                                const Recipe& recipe) {
  Phase phase;
  std::string trains = "codec";
  TableReader reader(table, where);
  reader.Read("name", &phase.name);
  reader.Read("trains", &trains);
  reader.Read("steps", &phase.steps);
  reader.Read("batch", &phase.batch);
  reader.Read("learning_rate", &phase.learning_rate);
  reader.Read("final_learning_rate", &phase.final_learning_rate);
  reader.Read("warmup_steps", &phase.warmup_steps);
  const bool codec = recipe.kind == Recipe::Kind::kCodec;
  if (recipe.task == Recipe::Task::kClassification) {
    reader.Read("crop", &phase.crop);
    reader.Read("deep", &phase.deep);
    reader.Read("kl", &phase.kl);
    if (!codec) reader.Read("anchor", &phase.anchor);
  }
  if (recipe.task == Recipe::Task::kSegmentation) {
    reader.Read("class_balance", &phase.class_balance);
  }
  if (codec) {
    reader.Read("shallow", &phase.shallow);
    reader.Read("rate_warmup", &phase.rate_warmup);
    reader.Read("first_noisy_rate", &phase.first_noisy_rate);
    reader.Read("noise_levels", &phase.noise_levels);
  } else {
    reader.Read("pixel_share", &phase.pixel_share);
  }
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  const std::map<std::string, Phase::Trains> kinds = {
      {"codec", Phase::Trains::kCodec},
      {"encoder", Phase::Trains::kEncoder},
      {"decoder", Phase::Trains::kDecoder},
      {"density", Phase::Trains::kDensity},
      {"entrance", Phase::Trains::kEntrance},
      {"tail", Phase::Trains::kTail},
      {"head", Phase::Trains::kHead}};
  if (!kinds.contains(trains)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where,
                     ": trains: expected \"codec\", \"encoder\", "
                     "\"decoder\", \"density\", \"entrance\", "
                     "\"tail\" or \"head\", found \"",
                     trains, "\""));
  }
  phase.trains = kinds.at(trains);
  if (phase.class_balance < 0 || phase.class_balance > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": class_balance: expected 0..1, found ", phase.class_balance));
  }
  if (phase.steps < 0 || phase.batch < 1 || phase.crop < 32 ||
      phase.crop % 32 != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        where,
        ": expected steps >= 0, batch >= 1 and crop a multiple of 32, "
        "found ",
        phase.steps, ", ", phase.batch, " and ", phase.crop));
  }
  return phase;
}

// What is trained, as messages name it.
const char* Subject(const Recipe& recipe) {
  if (recipe.kind == Recipe::Kind::kCodec) return "a codec";
  switch (recipe.task) {
    case Recipe::Task::kClassification:
      return "a classification tail";
    case Recipe::Task::kDetection:
      return "a detection tail";
    case Recipe::Task::kSegmentation:
      return "a segmentation tail";
  }
  return "";
}

}  // namespace

absl::Status ReadPhases(const toml::table& root, const std::string& where,
                        Recipe* recipe) {
  const toml::array* phases = root["phase"].as_array();
  if (phases == nullptr) return absl::OkStatus();
  for (const toml::node& node : *phases) {
    if (!node.is_table()) continue;
    SLUICE_ASSIGN_OR_RETURN(
        Phase phase,
        ReadPhase(*node.as_table(),
                  absl::StrCat(where, ": phase ", recipe->phases.size(), " of ",
                               Subject(*recipe)),
                  *recipe));
    recipe->phases.push_back(std::move(phase));
  }
  return absl::OkStatus();
}

}  // namespace sluice::train
