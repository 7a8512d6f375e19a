// A clock that moves only when told to.
#pragma once

#include <atomic>
#include <chrono>

#include "common/base/clock.h"

namespace sluice::server {

class FakeClock final : public base::Clock {
 public:
  base::TimePoint Now() const override {
    return base::TimePoint(std::chrono::milliseconds(now_ms_.load()));
  }
  void AdvanceMs(int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<int64_t> now_ms_ = 1000;
};

}  // namespace sluice::server
