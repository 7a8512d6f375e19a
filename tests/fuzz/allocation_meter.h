// How much memory the code under a fuzz target holds at once.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::fuzz {

// Whatever needs an error message may allocate this much besides.
inline constexpr size_t kMessageBytes = 8192;

// Watches operator new, which allocation_meter.cc replaces in the program that
// links it, from here on. One at a time.
class AllocationMeter {
 public:
  AllocationMeter();

  // Aborts if more than `max_bytes` and kMessageBytes were ever held at once,
  // beyond what was held before; `what` names the code.
  void CheckAtMost(size_t max_bytes, const std::string& what) const;

 private:
  size_t held_before_;
};

}  // namespace sluice::fuzz
