// Everything behind the seam: features in, a task's raw outputs out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/float_tensor.h"

namespace sluice::model {

struct NamedTensor {
  std::string name;
  base::FloatTensor tensor;  // [N, ...]: a row per sample.
};

// Immutable after loading; calls from several threads are safe.
class Tail {
 public:
  virtual ~Tail() = default;

  // Features float32 [N,F,h,w] of h and w multiples of 4, of N pictures whose
  // padded views are H x W pixels, to what the tail's task says:
  //   "classification"  "logits" [N,K]
  //   "detection"       "scores" [N,P,K] in 0..1, "boxes" [N,P,4]: corners
  //                     x_min, y_min, x_max, y_max in pixels of the padded view
  //   "segmentation"    "logits" [N,K,h',w'], of any stride
  //   "tensors"         what the module returns
  // with K = the number of labels.
  virtual absl::StatusOr<std::vector<NamedTensor>> Run(
      const base::FloatTensor& features) const = 0;
};

// Errors as LoadEncoder's.
absl::StatusOr<std::unique_ptr<Tail>> LoadTailNetwork(
    const artifact::TailArtifact& tail);

}  // namespace sluice::model
