// Keeps pictures to a rate.
#pragma once

#include <chrono>

#include "common/base/clock.h"

namespace sluice::device {

class FramePacer {
 public:
  // `max_fps` pictures per second; 0: no bound.
  explicit FramePacer(double max_fps)
      : period_(max_fps > 0
                    ? std::chrono::duration_cast<base::TimePoint::duration>(
                          std::chrono::duration<double>(1 / max_fps))
                    : base::TimePoint::duration::zero()) {}

  // When the next picture may come, at the earliest.
  base::TimePoint due() const { return due_; }

  // A picture was taken. Lateness is made up for by at most one period, so that
  // a pause is not followed by a burst.
  void Take(base::TimePoint now) {
    if (now - due_ > period_) due_ = now;
    due_ += period_;
  }

 private:
  base::TimePoint::duration period_;
  base::TimePoint due_;
};

}  // namespace sluice::device
