// Wakes the one thread that waits for something to do.
#pragma once

#include <chrono>

#include "common/base/mutex.h"

namespace sluice::device {

class Wakeup {
 public:
  // From any thread. Never blocks for long.
  void Notify() {
    base::MutexLock lock(mutex_);
    notified_ = true;
    changed_.NotifyOne();
  }

  // Returns after a Notify() since the last return, or at `deadline`.
  void WaitUntil(std::chrono::steady_clock::time_point deadline) {
    base::MutexLock lock(mutex_);
    while (!notified_ && !changed_.WaitUntil(mutex_, deadline)) {
    }
    notified_ = false;
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::device
