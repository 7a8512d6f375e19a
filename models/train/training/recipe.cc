#include "models/train/training/recipe.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"
#include "common/model/codec_networks.h"
#include "common/model/entropic_student.h"
#include "common/model/patch_decoder.h"
#include "common/model/patch_encoder.h"
#include "common/model/patch_family.h"
#include "models/train/training/recipe_phase.h"
#include "models/train/training/recipe_task.h"
#include "models/train/training/table_reader.h"

namespace sluice::train {
namespace {

constexpr size_t kMaxRecipeBytes = 1u << 20;

// Sets `key=value` (a TOML value) at a dotted path in the parsed recipe.
absl::Status Override(const std::string& text, toml::table* root) {
  const auto error = [&](const char* why) {
    return absl::InvalidArgumentError(
        absl::StrCat("override ", text, ": ", why));
  };
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return error("expected key=value");
  toml::parse_result parsed =
      toml::parse(absl::StrCat("v = ", text.substr(equals + 1)));
  if (!parsed) return error("the value is not TOML; strings need quotes");
  toml::node* node = root;
  const std::vector<std::string> path =
      absl::StrSplit(text.substr(0, equals), '.');
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    if (toml::array* array = node->as_array()) {
      size_t index = array->size();
      std::from_chars(path[i].data(), path[i].data() + path[i].size(), index);
      node = array->get(index);
    } else {
      node = node->is_table() ? node->as_table()->get(path[i]) : nullptr;
    }
    if (node == nullptr) return error("no such key in the recipe");
  }
  if (!node->is_table()) return error("no such key in the recipe");
  node->as_table()->insert_or_assign(path.back(), *parsed.table().get("v"));
  return absl::OkStatus();
}

absl::Status ReadPatch(const toml::table& root, const std::string& where,
                       Recipe* recipe) {
  model::PatchEncoderShape encoder;
  model::PatchDecoderShape decoder;
  SLUICE_RETURN_IF_ERROR(
      ReadTable(root, "encoder", where, [&](TableReader& reader) {
        reader.Read("stem_channels", &encoder.stem_channels);
        reader.Read("width", &encoder.width);
        reader.Read("block_channels", &encoder.block_channels);
        reader.Read("num_blocks", &encoder.num_blocks);
        reader.Read("latent_channels", &encoder.latent_channels);
      }));
  SLUICE_RETURN_IF_ERROR(
      ReadTable(root, "decoder", where, [&](TableReader& reader) {
        reader.Read("width", &decoder.width);
        reader.Read("block_channels", &decoder.block_channels);
        reader.Read("num_blocks", &decoder.num_blocks);
      }));
  recipe->spec.latent_channels = encoder.latent_channels;
  recipe->spec.num_rates = static_cast<int>(recipe->target_bytes.size());
  recipe->spec.encoder = model::ToJson(encoder);
  recipe->spec.decoder = model::ToJson(decoder);
  return absl::OkStatus();
}

absl::Status ReadEntropicStudent(const toml::table& root,
                                 const std::string& where, Recipe* recipe) {
  model::EntropicStudentShape shape;
  SLUICE_RETURN_IF_ERROR(
      ReadTable(root, "encoder", where, [&](TableReader& reader) {
        reader.Read("latent_channels", &shape.latent_channels);
      }));
  SLUICE_RETURN_IF_ERROR(
      ReadTable(root, "decoder", where, [&](TableReader& reader) {
        reader.Read("width", &shape.decoder_width);
      }));
  model::SetEntropicStudent(shape, &recipe->spec);
  return absl::OkStatus();
}

absl::Status CheckCodec(const Recipe& recipe, const std::string& where) {
  const auto error = [&](const char* expected) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": expected ", expected));
  };
  if (recipe.spec.family == model::kEntropicStudentFamily) {
    return recipe.beta > 0 && recipe.target_bytes.empty()
               ? absl::OkStatus()
               : error(
                     "a positive beta, which sets the rate, and no "
                     "target_bytes for family entropic_student");
  }
  if (recipe.beta != 0) {
    return error("no beta for family patch, whose betas follow target_bytes");
  }
  if (recipe.target_bytes.empty() || recipe.spec.default_rate < 0 ||
      recipe.spec.default_rate >= recipe.spec.num_rates) {
    return error("target_bytes per rate and default_rate among them");
  }
  if (!recipe.initial_betas.empty() &&
      (recipe.initial_betas.size() != recipe.target_bytes.size() ||
       std::ranges::any_of(recipe.initial_betas,
                           [](double beta) { return beta <= 0; }))) {
    return error("as many positive initial_betas as target_bytes");
  }
  return absl::OkStatus();
}

// Reads the keys before the tables.
absl::Status ReadKeys(const toml::table& root, const std::string& where,
                      std::string* kind, std::string* task, Recipe* recipe) {
  TableReader reader(root, where);
  reader.Read("kind", kind);
  reader.Read("task", task);
  reader.Read("name", &recipe->name);
  reader.Read("seed", &recipe->seed);
  reader.Read("teacher", &recipe->teacher);
  reader.ReadList("shards", &recipe->shards);
  reader.ReadList("shares", &recipe->shares);
  reader.Read("holdout", &recipe->holdout);
  reader.Read("labels", &recipe->labels);
  reader.ReadList("codecs", &recipe->codecs);
  reader.Read("provenance", &recipe->provenance);
  reader.ReadList("target_bytes", &recipe->target_bytes);
  reader.ReadList("initial_betas", &recipe->initial_betas);
  reader.Read("default_rate", &recipe->spec.default_rate);
  reader.Read("family", &recipe->spec.family);
  reader.Read("beta", &recipe->beta);
  reader.Read("ema_decay", &recipe->ema_decay);
  reader.Read("log_interval", &recipe->log_interval);
  reader.Read("checkpoint_interval", &recipe->checkpoint_interval);
  reader.Read("holdout_interval", &recipe->holdout_interval);
  reader.Read("holdout_pictures", &recipe->holdout_pictures);
  for (const char* key :
       {"encoder", "decoder", "phase", "network", "labelled"}) {
    reader.Skip(key);
  }
  return reader.Finish();
}

absl::Status CheckSources(const Recipe& recipe, const std::string& where) {
  if (recipe.task != Recipe::Task::kClassification) {
    return CheckLabelled(recipe, where);
  }
  if (recipe.shards.empty() || recipe.holdout.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": expected shards and holdout"));
  }
  return absl::OkStatus();
}

absl::Status CheckRecipe(const Recipe& recipe, const std::string& where) {
  const bool codec = recipe.kind == Recipe::Kind::kCodec;
  if (recipe.name.empty() || recipe.teacher.empty() || recipe.phases.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": expected name, teacher and at least one [[phase]]"));
  }
  SLUICE_RETURN_IF_ERROR(CheckSources(recipe, where));
  if (!recipe.shares.empty() &&
      (recipe.shares.size() != recipe.shards.size() ||
       std::ranges::any_of(recipe.shares, [](double s) { return s <= 0; }))) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": expected a positive share per shard, found ",
        recipe.shares.size(), " shares and ", recipe.shards.size(), " shards"));
  }
  if (codec) SLUICE_RETURN_IF_ERROR(CheckCodec(recipe, where));
  // Boxes come with the names of their classes.
  const bool needs_labels = recipe.task != Recipe::Task::kDetection;
  if (!codec &&
      (recipe.codecs.empty() || (needs_labels && recipe.labels.empty()))) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": a tail needs codecs", needs_labels ? " and labels" : ""));
  }
  for (const Phase& phase : recipe.phases) {
    if (codec == (phase.trains == Phase::Trains::kTail ||
                  phase.trains == Phase::Trains::kHead)) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": phase ", phase.name, " does not train a ",
                       codec ? "codec" : "tail"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Recipe> ReadRecipe(const std::filesystem::path& path,
                                  const std::vector<std::string>& overrides) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, kMaxRecipeBytes));
  const std::string where = path.string();
  toml::parse_result parsed =
      toml::parse(std::string_view(reinterpret_cast<const char*>(bytes.data()),
                                   bytes.size()),
                  where);
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ":", parsed.error().source().begin.line, ": ",
                     std::string(parsed.error().description())));
  }
  toml::table root = std::move(parsed).table();
  for (const std::string& text : overrides) {
    SLUICE_RETURN_IF_ERROR(Override(text, &root));
  }
  Recipe recipe;
  std::string kind, task = "classification";
  recipe.spec.family = model::kPatchFamily;
  SLUICE_RETURN_IF_ERROR(ReadKeys(root, where, &kind, &task, &recipe));
  if (kind != "codec" && kind != "tail") {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": kind: expected \"codec\" or \"tail\", found \"", kind, "\""));
  }
  recipe.kind = kind == "codec" ? Recipe::Kind::kCodec : Recipe::Kind::kTail;
  recipe.spec.name = recipe.name;
  SLUICE_RETURN_IF_ERROR(ReadTask(root, where, task, &recipe));
  if (recipe.spec.family == model::kPatchFamily) {
    SLUICE_RETURN_IF_ERROR(ReadPatch(root, where, &recipe));
  } else if (recipe.spec.family == model::kEntropicStudentFamily) {
    SLUICE_RETURN_IF_ERROR(ReadEntropicStudent(root, where, &recipe));
  } else {
    return model::UnknownFamily(recipe.spec);
  }
  SLUICE_RETURN_IF_ERROR(ReadPhases(root, where, &recipe));
  SLUICE_RETURN_IF_ERROR(CheckRecipe(recipe, where));
  return recipe;
}

}  // namespace sluice::train
