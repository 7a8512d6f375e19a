// Untrusted JSON, field by field; every error names the place and the finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace sluice::artifact {

// Once parsed, JSON such as [{},{}] takes up to 45 times as many bytes.
inline constexpr size_t kMaxJsonBytes = 1u << 20;
inline constexpr size_t kMaxJsonDepth = 64;

// InvalidArgument for anything but one JSON value of at most kMaxJsonBytes and
// kMaxJsonDepth levels (deeper ones would overflow the stack of whoever walks
// them) in which no object repeats a key.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text);

// Serializes without throwing: bytes that are not UTF-8 become U+FFFD.
// `indent` -1 is compact.
std::string DumpJson(const nlohmann::json& value, int indent);

// Untrusted text for a message: quoted, escaped, at most 64 bytes of it.
std::string Quoted(std::string_view text);

// The value as int64; nullopt when it is no integer or does not fit.
std::optional<int64_t> IntegerOf(const nlohmann::json& value);

// True for 1 to 64 of a-z 0-9 . _ - beginning with a letter or digit: what may
// safely be a folder's name.
bool IsName(std::string_view text);

// True for a SHA-256 as 64 lower-case hexadecimal digits.
bool IsDigest(std::string_view text);

// Views one JSON object, which must outlive it. Every getter returns
// InvalidArgument when the field is missing or not what it says:
//   models/x/codec.json: canonical.rates.count: expected an integer in 1..64,
//   found "8"
class JsonObject {
 public:
  // `where` opens every message, usually the file.
  static absl::StatusOr<JsonObject> Create(const nlohmann::json& value,
                                           std::string where);

  // InvalidArgument when there is a field of any other name.
  absl::Status ExpectOnly(std::initializer_list<std::string_view> names) const;

  absl::StatusOr<int> Int(std::string_view name, int min, int max) const;
  absl::StatusOr<float> Float(std::string_view name) const;  // Finite.
  absl::StatusOr<std::string> String(std::string_view name) const;
  absl::StatusOr<std::string> Name(std::string_view name) const;    // IsName.
  absl::StatusOr<std::string> Digest(std::string_view name) const;  // IsDigest.
  absl::StatusOr<JsonObject> Object(std::string_view name) const;
  // An array, of anything.
  absl::StatusOr<const nlohmann::json*> Array(std::string_view name) const;

  const nlohmann::json& value() const { return *value_; }
  // The error for a field: "expected <expected>, found <found>".
  absl::Status Error(std::string_view name, std::string_view expected,
                     std::string_view found) const;

 private:
  JsonObject(const nlohmann::json* value, std::string where, std::string path)
      : value_(value), where_(std::move(where)), path_(std::move(path)) {}

  absl::StatusOr<const nlohmann::json*> Find(std::string_view name,
                                             std::string_view expected) const;

  const nlohmann::json* value_;  // Always an object.
  std::string where_;
  std::string path_;  // Of the object inside the file: "canonical.rates.".
};

}  // namespace sluice::artifact
