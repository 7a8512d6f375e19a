// An environment variable that has a value until the end of a scope.
#pragma once

#include <stdlib.h>

#include <optional>
#include <string>

namespace sluice::testing {

class ScopedVariable {
 public:
  // `name` must outlive this.
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = getenv(name)) before_ = before;
    setenv(name, value, /*overwrite=*/1);
  }
  ~ScopedVariable() {
    if (before_) {
      setenv(name_, before_->c_str(), /*overwrite=*/1);
    } else {
      unsetenv(name_);
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* const name_;
  std::optional<std::string> before_;
};

}  // namespace sluice::testing
