// A queue between two threads that never holds more than it is meant to.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace sluice::base {

// First in, first out. Any number of threads may push and pop.
template <typename T>
class BoundedQueue {
 public:
  // REQUIRES: capacity >= 1.
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Waits while the queue is full. False, and `item` is gone, once it is
  // closed.
  bool Push(T item) {
    MutexLock lock(mutex_);
    while (!closed_ && items_.size() >= capacity_) not_full_.Wait(mutex_);
    return Add(std::move(item));
  }

  // Never waits: a full queue loses its oldest item. False as Push.
  bool PushDroppingOldest(T item) {
    MutexLock lock(mutex_);
    if (!closed_ && items_.size() >= capacity_) items_.pop_front();
    return Add(std::move(item));
  }

  // Waits for an item; nullopt once the queue is closed and empty.
  std::optional<T> Pop() {
    MutexLock lock(mutex_);
    while (!closed_ && items_.empty()) not_empty_.Wait(mutex_);
    return Take();
  }

  // As Pop, but gives up at `deadline`: nullopt too.
  std::optional<T> PopUntil(TimePoint deadline) {
    MutexLock lock(mutex_);
    while (!closed_ && items_.empty() &&
           !not_empty_.WaitUntil(mutex_, deadline)) {
    }
    return Take();
  }

  // Nothing more can be pushed; what is inside can still be popped.
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

 private:
  bool Add(T item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (closed_) return false;
    items_.push_back(std::move(item));
    not_empty_.NotifyOne();
    return true;
  }

  std::optional<T> Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    not_full_.NotifyOne();
    return item;
  }

  const size_t capacity_;
  Mutex mutex_;
  CondVar not_full_;
  CondVar not_empty_;
  std::deque<T> items_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::base
