#include "models/train/recipe.h"

#include <charconv>
#include <functional>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace sluice::train {
namespace {

constexpr size_t kMaxRecipeBytes = 1u << 20;

// Reads a table's known keys; whatever is left over is an error.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string where)
      : table_(table), where_(std::move(where)) {}

  template <typename T>
  void Read(const char* key, T* value) {
    seen_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    if constexpr (std::is_same_v<T, std::string>) {
      Assign(node->value<std::string>(), key, "a string", value);
    } else if constexpr (std::is_same_v<T, double>) {
      Assign(node->value<double>(), key, "a number", value);
    } else {
      Assign(node->value<int64_t>(), key, "an integer", value);
    }
  }

  template <typename T>
  void ReadList(const char* key, std::vector<T>* values) {
    seen_.push_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return Fail(key, "an array");
    values->clear();
    for (const toml::node& item : *array) {
      const auto value = item.value<T>();
      if (!value) return Fail(key, "an array of one type");
      values->push_back(*value);
    }
  }

  void Skip(const char* key) { seen_.push_back(key); }

  absl::Status Finish() const {
    if (!status_.ok()) return status_;
    for (const auto& [key, node] : table_) {
      if (std::find(seen_.begin(), seen_.end(), key.str()) == seen_.end()) {
        return absl::InvalidArgumentError(
            absl::StrCat(where_, ": unknown key ", std::string(key.str()),
                         " in line ", node.source().begin.line));
      }
    }
    return absl::OkStatus();
  }

  void Fail(const char* key, const char* expected) {
    status_.Update(absl::InvalidArgumentError(
        absl::StrCat(where_, ": ", key, ": expected ", expected)));
  }

 private:
  template <typename Optional, typename T>
  void Assign(const Optional& found, const char* key, const char* expected,
              T* value) {
    if (!found) return Fail(key, expected);
    *value = static_cast<T>(*found);
  }

  const toml::table& table_;
  std::string where_;
  std::vector<std::string> seen_;
  absl::Status status_;
};

absl::StatusOr<Phase> ReadPhase(const toml::table& table,
                                const std::string& where) {
  Phase phase;
  std::string trains = "codec";
  TableReader reader(table, where);
  reader.Read("name", &phase.name);
  reader.Read("trains", &trains);
  reader.Read("steps", &phase.steps);
  reader.Read("batch", &phase.batch);
  reader.Read("crop", &phase.crop);
  reader.Read("learning_rate", &phase.learning_rate);
  reader.Read("final_learning_rate", &phase.final_learning_rate);
  reader.Read("warmup_steps", &phase.warmup_steps);
  reader.Read("shallow", &phase.shallow);
  reader.Read("deep", &phase.deep);
  reader.Read("kl", &phase.kl);
  reader.Read("rate_warmup", &phase.rate_warmup);
  reader.Read("first_noisy_rate", &phase.first_noisy_rate);
  reader.Read("anchor", &phase.anchor);
  reader.Read("pixel_share", &phase.pixel_share);
  reader.Read("noise_levels", &phase.noise_levels);
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  const std::map<std::string, Phase::Trains> kinds = {
      {"codec", Phase::Trains::kCodec},
      {"entrance", Phase::Trains::kEntrance},
      {"tail", Phase::Trains::kTail}};
  if (!kinds.contains(trains)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where,
                     ": trains: expected \"codec\", \"entrance\" or "
                     "\"tail\", found \"",
                     trains, "\""));
  }
  phase.trains = kinds.at(trains);
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

absl::Status ReadShapes(const toml::table& root, const std::string& where,
                        Recipe* recipe) {
  if (const toml::table* table = root["encoder"].as_table()) {
    TableReader reader(*table, absl::StrCat(where, ": encoder"));
    reader.Read("stem_channels", &recipe->encoder.stem_channels);
    reader.Read("width", &recipe->encoder.width);
    reader.Read("block_channels", &recipe->encoder.block_channels);
    reader.Read("num_blocks", &recipe->encoder.num_blocks);
    reader.Read("latent_channels", &recipe->encoder.latent_channels);
    SLUICE_RETURN_IF_ERROR(reader.Finish());
  }
  if (const toml::table* table = root["decoder"].as_table()) {
    TableReader reader(*table, absl::StrCat(where, ": decoder"));
    reader.Read("width", &recipe->decoder.width);
    reader.Read("block_channels", &recipe->decoder.block_channels);
    reader.Read("num_blocks", &recipe->decoder.num_blocks);
    SLUICE_RETURN_IF_ERROR(reader.Finish());
  }
  recipe->decoder.latent_channels = recipe->encoder.latent_channels;
  recipe->decoder.num_rates = static_cast<int>(recipe->target_bytes.size());
  return absl::OkStatus();
}

absl::Status CheckRecipe(const Recipe& recipe, const std::string& where) {
  const bool codec = recipe.kind == Recipe::Kind::kCodec;
  if (recipe.name.empty() || recipe.teacher.empty() || recipe.shards.empty() ||
      recipe.holdout.empty() || recipe.phases.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where,
                     ": expected name, teacher, shards, holdout and at least "
                     "one [[phase]]"));
  }
  if (codec &&
      (recipe.target_bytes.empty() || recipe.default_rate < 0 ||
       recipe.default_rate >= static_cast<int>(recipe.target_bytes.size()))) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": expected target_bytes per rate and default_rate among them"));
  }
  if (!codec && (recipe.labels.empty() || recipe.codec.empty())) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": a tail needs labels and codec"));
  }
  for (const Phase& phase : recipe.phases) {
    if (codec == (phase.trains == Phase::Trains::kTail)) {
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
  std::string kind;
  TableReader reader(root, where);
  reader.Read("kind", &kind);
  reader.Read("name", &recipe.name);
  reader.Read("seed", &recipe.seed);
  reader.Read("teacher", &recipe.teacher);
  reader.ReadList("shards", &recipe.shards);
  reader.Read("holdout", &recipe.holdout);
  reader.Read("labels", &recipe.labels);
  reader.Read("codec", &recipe.codec);
  reader.Read("provenance", &recipe.provenance);
  reader.ReadList("target_bytes", &recipe.target_bytes);
  reader.Read("default_rate", &recipe.default_rate);
  reader.Read("ema_decay", &recipe.ema_decay);
  reader.Read("log_interval", &recipe.log_interval);
  reader.Read("checkpoint_interval", &recipe.checkpoint_interval);
  reader.Read("holdout_interval", &recipe.holdout_interval);
  reader.Read("holdout_pictures", &recipe.holdout_pictures);
  for (const char* key : {"encoder", "decoder", "phase"}) reader.Skip(key);
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  if (kind != "codec" && kind != "tail") {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": kind: expected \"codec\" or \"tail\", found \"", kind, "\""));
  }
  recipe.kind = kind == "codec" ? Recipe::Kind::kCodec : Recipe::Kind::kTail;
  SLUICE_RETURN_IF_ERROR(ReadShapes(root, where, &recipe));
  if (const toml::array* phases = root["phase"].as_array()) {
    for (const toml::node& node : *phases) {
      if (!node.is_table()) continue;
      SLUICE_ASSIGN_OR_RETURN(
          Phase phase,
          ReadPhase(*node.as_table(),
                    absl::StrCat(where, ": phase ", recipe.phases.size())));
      recipe.phases.push_back(std::move(phase));
    }
  }
  SLUICE_RETURN_IF_ERROR(CheckRecipe(recipe, where));
  return recipe;
}

}  // namespace sluice::train
