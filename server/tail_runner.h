// The thread that owns the compute device: features once, then every tail.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "server/batch_scheduler.h"
#include "server/infer_task.h"
#include "server/model_store.h"
#include "server/result_pool.h"

namespace sluice::server {

class TailRunner {
 public:
  // Starts the thread, calls `on_thread_start` on it and runs every codec and
  // tail once; returns an error naming the one that fails or whose outputs are
  // not those of its task. Tasks go on to `result_pool`. All of them must
  // outlive the runner.
  static absl::StatusOr<std::unique_ptr<TailRunner>> Start(
      const ModelStore* store, BatchScheduler<InferTask>* queue,
      ResultPool* result_pool, const base::Clock* clock,
      std::function<void()> on_thread_start);

  // Runs what is queued, then joins. REQUIRES: the queue is closed.
  ~TailRunner() { thread_.join(); }
  TailRunner(const TailRunner&) = delete;
  TailRunner& operator=(const TailRunner&) = delete;

 private:
  TailRunner(BatchScheduler<InferTask>* queue, ResultPool* result_pool,
             const base::Clock* clock)
      : queue_(queue), result_pool_(result_pool), clock_(clock) {}

  void RunUntilClosed();
  // REQUIRES: tasks of one key, at least one.
  void RunBatch(std::vector<std::unique_ptr<InferTask>> tasks);

  BatchScheduler<InferTask>* const queue_;
  ResultPool* const result_pool_;
  const base::Clock* const clock_;
  std::thread thread_;
};

}  // namespace sluice::server
