#include "common/flags/settings.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Error.hpp"
#include "CLI/Formatter.hpp"
#include "CLI/Option.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"

#define TOML_EXCEPTIONS 0
#include "toml++/toml.h"

namespace sluice::flags {
namespace {

constexpr size_t kMaxConfigBytes = 1u << 20;

// The text a flag would carry.
absl::StatusOr<std::string> ScalarToText(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<int64_t>()) {
    return absl::StrCat(*number);
  }
  if (const auto number = node.value_exact<double>()) {
    return absl::StrCat(*number);
  }
  if (const auto truth = node.value_exact<bool>()) {
    return std::string(*truth ? "true" : "false");
  }
  return absl::InvalidArgumentError(
      "expected a string, number, boolean or an array of these");
}

absl::StatusOr<std::vector<std::string>> NodeToTexts(const toml::node& node) {
  std::vector<std::string> texts;
  if (const toml::array* array = node.as_array()) {
    for (const toml::node& element : *array) {
      SLUICE_ASSIGN_OR_RETURN(std::string text, ScalarToText(element));
      texts.push_back(std::move(text));
    }
    return texts;
  }
  SLUICE_ASSIGN_OR_RETURN(std::string text, ScalarToText(node));
  texts.push_back(std::move(text));
  return texts;
}

absl::Status ApplyKey(const std::string& key, const toml::node& node,
                      CLI::App* app) {
  CLI::Option* option = app->get_option_no_throw("--" + key);
  if (option == nullptr || !option->get_configurable()) {
    return absl::InvalidArgumentError("no such setting");
  }
  if (option->count() > 0) return absl::OkStatus();
  SLUICE_ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                          NodeToTexts(node));
  try {
    option->add_result(texts);
    option->run_callback();
  } catch (const CLI::Error& e) {
    return absl::InvalidArgumentError(e.what());
  }
  return absl::OkStatus();
}

// Gives every option of `app` that neither a flag nor the environment has set
// its value from a TOML file. Runs after app->parse(), because CLI11's own
// set_config() lets the file win over the environment, takes what is no TOML,
// and says neither file nor line.
absl::Status ApplyConfigFile(const std::string& path, CLI::App* app) {
  SLUICE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                          base::ReadFile(path, kMaxConfigBytes));
  const toml::parse_result config = toml::parse(std::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!config) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", config.error().source().begin.line, ": ",
                     std::string(config.error().description())));
  }
  for (const auto& [key, node] : config.table()) {
    const std::string name(key.str());
    if (absl::Status status = ApplyKey(name, node, app); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", node.source().begin.line, ": ", name, ": ",
                       status.message()));
    }
  }
  return absl::OkStatus();
}

// --top-k is PREFIX_TOP_K.
void NameVariables(const std::string& prefix, CLI::App* app) {
  for (CLI::Option* option : app->get_options()) {
    if (option->get_lnames().empty() || !option->get_configurable()) continue;
    const std::string name =
        absl::StrReplaceAll(option->get_lnames().front(), {{"-", "_"}});
    option->envname(prefix + absl::AsciiStrToUpper(name));
  }
}

}  // namespace

absl::StatusOr<std::optional<std::string>> ReadSettings(
    int argc, const char* const* argv, const std::string& variable_prefix,
    CLI::App* app) {
  for (CLI::Option* question : {app->get_help_ptr(), app->get_version_ptr()}) {
    if (question != nullptr) question->configurable(false);
  }
  CLI::Option* config =
      app->add_option("--config", "TOML file with settings")->type_name("FILE");
  NameVariables(variable_prefix, app);
  config->configurable(false);  // But it may come from the environment.
  try {
    app->parse(argc, argv);
    if (config->count() > 0) {
      SLUICE_RETURN_IF_ERROR(ApplyConfigFile(config->as<std::string>(), app));
    }
  } catch (const CLI::CallForHelp&) {
    return app->help();
  } catch (const CLI::CallForVersion& version) {
    return absl::StrCat(version.what(), "\n");
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return std::nullopt;
}

}  // namespace sluice::flags
