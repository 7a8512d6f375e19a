// Monotonic time behind an interface, so that tests need no sleeps.
#pragma once

#include <chrono>

namespace sluice::base {

using TimePoint = std::chrono::steady_clock::time_point;

// Safe to call from several threads.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace sluice::base
