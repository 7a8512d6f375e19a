#include "common/artifact/json_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::artifact {
namespace {

using ::nlohmann::json;

constexpr size_t kMaxQuotedBytes = 64;

std::string Describe(const json& value) {
  const std::string text = DumpJson(value, -1);
  if (text.size() <= kMaxQuotedBytes) return text;
  return absl::StrCat(text.substr(0, kMaxQuotedBytes), "...");
}

// Walks the text once before anything is built from it.
class JsonChecker : public nlohmann::json_sax<json> {
 public:
  const std::string& error() const { return error_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool start_object(size_t) override { return Descend(); }
  bool start_array(size_t) override { return Descend(); }
  bool end_object() override { return Ascend(); }
  bool end_array() override { return Ascend(); }

  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    error_ =
        absl::StrCat("expected every key once, found ", Quoted(name), " twice");
    return false;
  }

  bool parse_error(size_t position, const std::string& last_token,
                   const nlohmann::detail::exception&) override {
    error_ = absl::StrCat("expected JSON, found a mistake at byte ", position,
                          ", ", Quoted(last_token));
    return false;
  }

 private:
  bool Descend() {
    keys_.emplace_back();
    if (keys_.size() <= kMaxJsonDepth) return true;
    error_ = absl::StrCat("expected at most ", kMaxJsonDepth,
                          " levels of nesting, found more");
    return false;
  }
  bool Ascend() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_;  // Per open object or array.
  std::string error_;
};

}  // namespace

absl::StatusOr<json> ParseJson(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected at most ", kMaxJsonBytes,
                     " bytes of JSON, found ", text.size()));
  }
  JsonChecker checker;
  if (!json::sax_parse(text, &checker)) {
    return absl::InvalidArgumentError(checker.error());
  }
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::string DumpJson(const json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false,
                    json::error_handler_t::replace);
}

std::string Quoted(std::string_view text) {
  const bool is_long = text.size() > kMaxQuotedBytes;
  const std::string shown(text.substr(0, kMaxQuotedBytes));
  return absl::StrCat("\"", absl::CEscape(shown), is_long ? "...\"" : "\"");
}

std::optional<int64_t> IntegerOf(const json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() >
          static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  return value.get<int64_t>();
}

bool IsName(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 64 && is_alphanumeric(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
         });
}

bool IsDigest(std::string_view text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::StatusOr<JsonObject> JsonObject::Create(const json& value,
                                              std::string where) {
  if (!value.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": expected a JSON object, found ", Describe(value)));
  }
  return JsonObject(&value, std::move(where), "");
}

absl::Status JsonObject::ExpectOnly(
    std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : value_->items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(where_, ": ", path_, Quoted(name), ": unknown field"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> JsonObject::Int(std::string_view name, int min,
                                    int max) const {
  const std::string expected = absl::StrCat("an integer in ", min, "..", max);
  SLUICE_ASSIGN_OR_RETURN(const json* value, Find(name, expected));
  const std::optional<int64_t> number = IntegerOf(*value);
  if (!number.has_value() || *number < min || *number > max) {
    return Error(name, expected, Describe(*value));
  }
  return static_cast<int>(*number);
}

absl::StatusOr<float> JsonObject::Float(std::string_view name) const {
  constexpr std::string_view kExpected = "a float32 number";
  SLUICE_ASSIGN_OR_RETURN(const json* value, Find(name, kExpected));
  constexpr double kMax = std::numeric_limits<float>::max();
  const double number = value->is_number() ? value->get<double>() : NAN;
  if (!(number >= -kMax && number <= kMax)) {
    return Error(name, kExpected, Describe(*value));
  }
  return static_cast<float>(number);
}

absl::StatusOr<std::string> JsonObject::String(std::string_view name) const {
  constexpr std::string_view kExpected = "a string";
  SLUICE_ASSIGN_OR_RETURN(const json* value, Find(name, kExpected));
  if (!value->is_string()) return Error(name, kExpected, Describe(*value));
  return value->get<std::string>();
}

absl::StatusOr<std::string> JsonObject::Name(std::string_view name) const {
  SLUICE_ASSIGN_OR_RETURN(std::string text, String(name));
  if (!IsName(text)) {
    return Error(name, "1 to 64 of a-z 0-9 . _ - after a letter or digit",
                 Quoted(text));
  }
  return text;
}

absl::StatusOr<std::string> JsonObject::Digest(std::string_view name) const {
  SLUICE_ASSIGN_OR_RETURN(std::string text, String(name));
  if (!IsDigest(text)) {
    return Error(name, "64 lower-case hexadecimal digits", Quoted(text));
  }
  return text;
}

absl::StatusOr<JsonObject> JsonObject::Object(std::string_view name) const {
  constexpr std::string_view kExpected = "an object";
  SLUICE_ASSIGN_OR_RETURN(const json* value, Find(name, kExpected));
  if (!value->is_object()) return Error(name, kExpected, Describe(*value));
  return JsonObject(value, where_, absl::StrCat(path_, std::string(name), "."));
}

absl::StatusOr<const json*> JsonObject::Array(std::string_view name) const {
  constexpr std::string_view kExpected = "an array";
  SLUICE_ASSIGN_OR_RETURN(const json* value, Find(name, kExpected));
  if (!value->is_array()) return Error(name, kExpected, Describe(*value));
  return value;
}

absl::Status JsonObject::Error(std::string_view name, std::string_view expected,
                               std::string_view found) const {
  return absl::InvalidArgumentError(
      absl::StrCat(where_, ": ", path_, std::string(name), ": expected ",
                   std::string(expected), ", found ", std::string(found)));
}

absl::StatusOr<const json*> JsonObject::Find(std::string_view name,
                                             std::string_view expected) const {
  const auto field = value_->find(std::string(name));
  if (field == value_->end()) return Error(name, expected, "no such field");
  return &*field;
}

}  // namespace sluice::artifact
