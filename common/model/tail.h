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

  // Features float32 [N,F,h,w] of h and w multiples of 4 -> logits
  // [N,num_classes].
  virtual absl::StatusOr<base::FloatTensor> Run(
      const base::FloatTensor& features) const = 0;
};

// Errors as LoadEncoder's.
absl::StatusOr<std::unique_ptr<Tail>> LoadTailNetwork(
    const artifact::TailArtifact& tail);

}  // namespace sluice::model
