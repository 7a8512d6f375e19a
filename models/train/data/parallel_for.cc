#include "models/train/data/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace sluice::train {

int ThreadCount(int num_threads) {
  if (num_threads > 0) return num_threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

absl::Status ParallelFor(size_t num_tasks, int num_threads,
                         const std::function<absl::Status(size_t)>& task) {
  std::vector<absl::Status> results(num_tasks);
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    while (!failed) {
      const size_t index = next++;
      if (index >= num_tasks) return;
      results[index] = task(index);
      if (!results[index].ok()) failed = true;
    }
  };
  {
    std::vector<std::jthread> threads;
    const size_t count =
        std::min(num_tasks, static_cast<size_t>(ThreadCount(num_threads)));
    for (size_t i = 0; i < count; ++i) threads.emplace_back(work);
  }
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

}  // namespace sluice::train
