// Reads one table of a recipe: TOML in, values out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace sluice::train {

// Takes a table's known keys; the first problem is kept, and whatever is left
// over at the end is one. `where` begins every message.
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

  // A key that is read elsewhere.
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

// Reads one table of a recipe, `root`; an absent one leaves what is there.
inline absl::Status ReadTable(const toml::table& root, const char* name,
                              const std::string& where,
                              const std::function<void(TableReader&)>& read) {
  const toml::table* table = root[name].as_table();
  if (table == nullptr) return absl::OkStatus();
  TableReader reader(*table, absl::StrCat(where, ": ", name));
  read(reader);
  return reader.Finish();
}

}  // namespace sluice::train
