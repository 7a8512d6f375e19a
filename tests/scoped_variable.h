// An environment variable that is set until the end of a scope.
#pragma once

#include <stdlib.h>

namespace sluice::testing {

class ScopedVariable {
 public:
  // `name` must outlive this.
  ScopedVariable(const char* name, const char* value) : name_(name) {
    setenv(name, value, /*overwrite=*/1);
  }
  ~ScopedVariable() { unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* const name_;
};

}  // namespace sluice::testing
