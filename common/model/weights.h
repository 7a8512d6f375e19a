// Named tensors: what a network is built from, trained through and saved as.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/safetensors.h"

namespace sluice::model {

// float32 tensors by name. A network built from it shares the storage, so that
// updating a weight in place updates the network.
using Weights = std::map<std::string, at::Tensor>;

// safetensors -> float32 tensors; 4-D weights come out channels-last, the
// layout that CPU convolutions are fastest in. InvalidArgument for other than
// F32 and F16.
absl::StatusOr<Weights> WeightsFromTensors(const artifact::TensorMap& tensors);

enum class StoredPrecision { kFloat, kHalf };
artifact::TensorMap TensorsFromWeights(const Weights& weights,
                                       StoredPrecision precision);

// The weights whose names start with `prefix`, which is cut off; and back.
Weights WithoutPrefix(const Weights& weights, std::string_view prefix);
Weights WithPrefix(const Weights& weights, std::string_view prefix);

// Hands weights out by name while a network is built. The first problem is
// kept, so that a builder reads straight through and asks once at the end.
class WeightReader {
 public:
  explicit WeightReader(const Weights& weights) : weights_(weights) {}

  // The tensor of that name and shape, or an undefined one after a problem.
  at::Tensor Take(const std::string& name, const std::vector<int64_t>& shape);

  // OK when every Take was and nothing is left over; InvalidArgument naming
  // the missing, misshapen or surplus tensor.
  absl::Status Finish() const;

 private:
  const Weights& weights_;
  std::vector<std::string> taken_;
  absl::Status status_;
};

}  // namespace sluice::model
