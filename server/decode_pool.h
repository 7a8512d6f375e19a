// The bounded pool of threads that turns payloads into tensors.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "server/batch_scheduler.h"
#include "server/infer_task.h"

namespace sluice::server {

class DecodePool {
 public:
  // Decoded tasks go to `runner_queue`. It and `clock` must outlive the pool.
  DecodePool(int num_threads, size_t max_queued_tasks, const base::Clock* clock,
             BatchScheduler<InferTask>* runner_queue);
  // Decodes what was scheduled, then joins.
  ~DecodePool();
  DecodePool(const DecodePool&) = delete;
  DecodePool& operator=(const DecodePool&) = delete;

  // As BatchScheduler::Schedule.
  absl::Status Schedule(std::unique_ptr<InferTask>* task) {
    return queue_.Schedule(task);
  }

 private:
  void DecodeUntilClosed();

  BatchScheduler<InferTask> queue_;  // Batches of one.
  BatchScheduler<InferTask>* const runner_queue_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::server
