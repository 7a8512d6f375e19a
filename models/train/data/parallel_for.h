// Independent tasks on several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace sluice::train {

// Runs task(0) .. task(num_tasks - 1), each once, on up to `num_threads`
// threads that end before the return; 0: as many as there are cores. After an
// error no further task begins; of several errors the one with the smallest
// index is returned.
absl::Status ParallelFor(size_t num_tasks, int num_threads,
                         const std::function<absl::Status(size_t)>& task);

// As above for what 0 stands for: at least 1.
int ThreadCount(int num_threads);

}  // namespace sluice::train
