// A bounded queue that hands out batches of tasks with equal keys.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace sluice::server {

// What a runner takes at once.
template <typename Task>
struct Batch {
  std::vector<std::unique_ptr<Task>> tasks;    // One key, oldest first.
  std::vector<std::unique_ptr<Task>> dropped;  // Expired or cancelled.
};

// First in, first out, except that a batch also gathers younger tasks with the
// key of the oldest. There is no delay: a batch is what has gathered while the
// runners were busy, so with one runner a task waits for the batch that runs
// and for at most max_queued_tasks tasks before it.
//
// A Task has key() (comparable with ==), deadline() (base::TimePoint) and
// cancelled(). All methods are safe to call from several threads.
template <typename Task>
class BatchScheduler {
 public:
  // REQUIRES: max_queued_tasks >= 1, max_batch_size >= 1. `clock` must outlive
  // the scheduler.
  BatchScheduler(size_t max_queued_tasks, size_t max_batch_size,
                 const base::Clock* clock)
      : max_queued_tasks_(max_queued_tasks),
        max_batch_size_(max_batch_size),
        clock_(clock) {}

  // Takes *task iff it returns OK; never blocks. ResourceExhausted when the
  // queue is full, Unavailable after Close.
  absl::Status Schedule(std::unique_ptr<Task>* task) {
    base::MutexLock lock(mutex_);
    if (closed_) return absl::UnavailableError("the queue is closed");
    if (queue_.size() >= max_queued_tasks_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the queue is full: ", queue_.size(), " tasks wait"));
    }
    queue_.push_back(std::move(*task));
    not_empty_or_closed_.NotifyOne();
    return absl::OkStatus();
  }

  // Waits for tasks. Returns what has expired or was cancelled, wherever it
  // stood in the queue, and up to max_batch_size others; nothing of either iff
  // the scheduler is closed and all tasks have been taken.
  Batch<Task> TakeBatch() {
    base::MutexLock lock(mutex_);
    while (queue_.empty() && !closed_) not_empty_or_closed_.Wait(mutex_);
    Batch<Task> batch;
    std::deque<std::unique_ptr<Task>> rest;
    const base::TimePoint now = clock_->Now();
    for (std::unique_ptr<Task>& task : queue_) {
      if (task->cancelled() || task->deadline() <= now) {
        batch.dropped.push_back(std::move(task));
      } else if (Fits(*task, batch.tasks)) {
        batch.tasks.push_back(std::move(task));
      } else {
        rest.push_back(std::move(task));
      }
    }
    queue_ = std::move(rest);
    return batch;
  }

  // Schedule refuses from now on; TakeBatch hands out what is left.
  void Close() {
    base::MutexLock lock(mutex_);
    closed_ = true;
    not_empty_or_closed_.NotifyAll();
  }

 private:
  bool Fits(const Task& task,
            const std::vector<std::unique_ptr<Task>>& tasks) const {
    if (tasks.empty()) return true;
    return tasks.size() < max_batch_size_ && task.key() == tasks.front()->key();
  }

  const size_t max_queued_tasks_;
  const size_t max_batch_size_;
  const base::Clock* const clock_;

  base::Mutex mutex_;
  base::CondVar not_empty_or_closed_;
  std::deque<std::unique_ptr<Task>> queue_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::server
