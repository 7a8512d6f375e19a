// SIGINT and SIGTERM as a request to end a run in an orderly way.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace sluice::device {

// One per process. The first signal calls what is watched; from then on the
// default action of a second one ends the program.
class StopSignal {
 public:
  // Blocks the signals in this thread and those it starts: create it before any
  // other thread.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Calls `on_signal`, on a thread of its own, when a signal comes or has come.
  // At most once. REQUIRES: not called before.
  void Watch(std::function<void()> on_signal);

  // Returns when `on_signal` neither runs nor will run.
  void EndWatch();

  bool has_come() const { return has_come_; }

 private:
  std::atomic<bool> has_come_ = false;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace sluice::device
