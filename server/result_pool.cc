#include "server/result_pool.h"

#include <algorithm>
#include <optional>

#include "server/result.h"

namespace sluice::server {

ResultPool::ResultPool(int num_threads, size_t max_queued_tasks,
                       size_t max_message_bytes, const base::Clock* clock)
    : max_message_bytes_(max_message_bytes),
      clock_(clock),
      queue_(max_queued_tasks) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this] { AnswerUntilClosed(); });
  }
}

ResultPool::~ResultPool() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
}

void ResultPool::AnswerUntilClosed() {
  while (std::optional<ComputedTask> computed = queue_.Pop()) {
    Answer(*computed);
  }
}

void ResultPool::Answer(const ComputedTask& computed) {
  const base::TimePoint start = clock_->Now();
  InferTask& task = *computed.task;
  if (task.cancelled()) {
    task.FinishDropped();
    return;
  }
  for (const LoadedTail* tail : task.plan().tails) {
    const TailOutput& output = computed.output->at(tail);
    const auto row = std::lower_bound(output.samples.begin(),
                                      output.samples.end(), computed.sample);
    AddResult(*tail, output.tensors,
              static_cast<size_t>(row - output.samples.begin()), task.plan(),
              max_message_bytes_, &task.response());
  }
  task.response().mutable_timings()->set_postprocess_us(
      MicrosBetween(start, clock_->Now()));
  task.Finish(absl::OkStatus());
}

}  // namespace sluice::server
