// How a fuzz target reports a broken promise.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"

namespace sluice::fuzz {

// Aborts, saying what should have held. libFuzzer keeps the input.
inline void Check(bool holds, const std::string& promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise.c_str());
  std::abort();
}

inline void CheckOk(const absl::Status& status, const std::string& what) {
  if (!status.ok()) Check(false, what + ": " + status.ToString());
}

}  // namespace sluice::fuzz
