// Everything behind the seam: features in, a task's raw outputs out.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/float_tensor.h"

namespace sluice::model {

// Immutable after loading; calls from several threads are safe.
class Tail {
 public:
  virtual ~Tail() = default;

  // Features float32 [N,F,h,w] of any h, w >= 1 -> logits [N,num_classes].
  virtual absl::StatusOr<base::FloatTensor> Run(
      const base::FloatTensor& features) const = 0;
};

// Errors as LoadEncoder's.
absl::StatusOr<std::unique_ptr<Tail>> LoadTailNetwork(
    const artifact::TailArtifact& tail);

// Sets LibTorch's intra-op threads for the calling thread and the process;
// call once on the thread that runs networks. 0 keeps the default.
void SetComputeThreads(int num_threads);

// "LibTorch 1.13.1, BLAS openblas, 2 threads": for a log line at start.
std::string ComputeDescription();

}  // namespace sluice::model
