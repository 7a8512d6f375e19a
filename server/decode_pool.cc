#include "server/decode_pool.h"

#include <utility>

namespace sluice::server {

DecodePool::DecodePool(int num_threads, size_t max_queued_tasks,
                       const base::Clock* clock,
                       BatchScheduler<InferTask>* runner_queue)
    : queue_(max_queued_tasks, /*max_batch_size=*/1, clock),
      runner_queue_(runner_queue) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this] { DecodeUntilClosed(); });
  }
}

DecodePool::~DecodePool() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
}

void DecodePool::DecodeUntilClosed() {
  while (true) {
    Batch<InferTask> batch = queue_.TakeBatch();
    if (batch.tasks.empty() && batch.dropped.empty()) return;
    for (auto& task : batch.dropped) task->FinishDropped();
    for (auto& task : batch.tasks) {
      absl::Status status = task->Decode();
      if (status.ok()) status = runner_queue_->Schedule(&task);
      if (!status.ok()) task->Finish(std::move(status));
    }
  }
}

}  // namespace sluice::server
