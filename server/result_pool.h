// The threads that turn what networks returned into results and answer.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/bounded_queue.h"
#include "common/base/clock.h"
#include "common/model/tail.h"
#include "server/infer_task.h"
#include "server/model_store.h"

namespace sluice::server {

// What one tail made of those samples of a batch that asked for it.
struct TailOutput {
  std::vector<size_t> samples;  // Indices into the batch, ascending.
  absl::StatusOr<std::vector<model::NamedTensor>> tensors =
      absl::InternalError("not run");  // A row per entry of `samples`.
};

using BatchOutput = std::map<const LoadedTail*, TailOutput>;

// A task that needs nothing more from the compute device.
struct ComputedTask {
  std::unique_ptr<InferTask> task;
  std::shared_ptr<const BatchOutput> output;  // Of its batch.
  size_t sample = 0;                          // Its index into the batch.
};

// Masks take milliseconds, in which the compute device would stand still.
class ResultPool {
 public:
  // `clock` must outlive the pool.
  ResultPool(int num_threads, size_t max_queued_tasks, size_t max_message_bytes,
             const base::Clock* clock);
  // Answers what was added, results or why it was dropped, then joins.
  ~ResultPool();
  ResultPool(const ResultPool&) = delete;
  ResultPool& operator=(const ResultPool&) = delete;

  // Waits while the queue is full, so that outputs of networks do not pile up.
  void Add(ComputedTask computed) { queue_.Push(std::move(computed)); }

 private:
  void AnswerUntilClosed();
  void Answer(const ComputedTask& computed);

  const size_t max_message_bytes_;
  const base::Clock* const clock_;
  base::BoundedQueue<ComputedTask> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::server
