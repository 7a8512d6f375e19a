#include "common/base/mutex.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::base {
namespace {

class Counter {
 public:
  void Add() {
    MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }
  void WaitFor(int count) {
    MutexLock lock(mutex_);
    while (count_ < count) changed_.Wait(mutex_);
  }
  int count() {
    MutexLock lock(mutex_);
    return count_;
  }
  bool WaitTimesOut(std::chrono::steady_clock::time_point deadline) {
    MutexLock lock(mutex_);
    while (true) {  // A wait may end for no reason.
      if (changed_.WaitUntil(mutex_, deadline)) return true;
    }
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(MutexTest, ThreadsExcludeEachOther) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int k = 0; k < 1000; ++k) counter.Add();
    });
  }
  counter.WaitFor(4000);
  EXPECT_EQ(counter.count(), 4000);
  for (std::thread& thread : threads) thread.join();
}

TEST(CondVarTest, APastDeadlineTimesOut) {
  Counter counter;
  EXPECT_TRUE(counter.WaitTimesOut(std::chrono::steady_clock::now()));
  counter.Add();  // The mutex is free again.
}

}  // namespace
}  // namespace sluice::base
