// Says in an error which file or folder it is about.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sluice::train {

// "<subject>: <message>" with the same code. REQUIRES: !status.ok().
inline absl::Status Annotate(const absl::Status& status,
                             const std::string& subject) {
  return absl::Status(status.code(),
                      absl::StrCat(subject, ": ", status.message()));
}

}  // namespace sluice::train
