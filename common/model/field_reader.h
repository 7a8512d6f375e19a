// Reads a family's hyperparameters out of codec.json or tail.json.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace sluice::model {

// Bounded positive integers out of one JSON object; keeps the first problem.
// `path` names it in messages: "codec.json: canonical.encoder".
class FieldReader {
 public:
  FieldReader(const nlohmann::json& object, std::string path)
      : object_(object), path_(std::move(path)) {}

  int Take(const char* field, int max);
  // One that `factor` divides.
  int TakeMultiple(const char* field, int factor, int max);
  // A word that has to be there as it is.
  void Expect(const char* field, const char* word);

  const absl::Status& status() const { return status_; }

 private:
  const nlohmann::json& object_;
  std::string path_;
  absl::Status status_;
};

}  // namespace sluice::model
