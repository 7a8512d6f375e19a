#include "device/config_file.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "CLI/Error.hpp"
#include "CLI/Option.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/file_io.h"
#include "common/base/status_macros.h"

#define TOML_EXCEPTIONS 0
#include "toml++/toml.h"

namespace sluice::device {
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

}  // namespace

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

}  // namespace sluice::device
