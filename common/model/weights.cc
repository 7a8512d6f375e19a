#include "common/model/weights.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"

namespace sluice::model {
namespace {

std::string ShapeOf(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ","), "]");
}

}  // namespace

absl::StatusOr<Weights> WeightsFromTensors(const artifact::TensorMap& tensors) {
  Weights weights;
  for (const auto& [name, stored] : tensors) {
    SLUICE_ASSIGN_OR_RETURN(const std::vector<float> values,
                            artifact::FloatsOf(tensors, name, stored.shape));
    at::Tensor tensor = at::empty(stored.shape, at::kFloat);
    std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
    if (tensor.dim() == 4) {
      tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    }
    weights.emplace(name, std::move(tensor));
  }
  return weights;
}

artifact::TensorMap TensorsFromWeights(const Weights& weights,
                                       StoredPrecision precision) {
  artifact::TensorMap tensors;
  for (const auto& [name, weight] : weights) {
    const at::Tensor plain = weight.detach()
                                 .to(at::kCPU, at::kFloat)
                                 .contiguous(at::MemoryFormat::Contiguous);
    const std::span<const float> values(plain.data_ptr<float>(),
                                        static_cast<size_t>(plain.numel()));
    tensors.emplace(name,
                    precision == StoredPrecision::kHalf
                        ? artifact::MakeHalves(values, plain.sizes().vec())
                        : artifact::MakeFloats(values, plain.sizes().vec()));
  }
  return tensors;
}

Weights WithoutPrefix(const Weights& weights, std::string_view prefix) {
  Weights result;
  for (const auto& [name, weight] : weights) {
    if (name.starts_with(prefix)) {
      result.emplace(name.substr(prefix.size()), weight);
    }
  }
  return result;
}

Weights WithPrefix(const Weights& weights, std::string_view prefix) {
  Weights result;
  for (const auto& [name, weight] : weights) {
    result.emplace(std::string(prefix) + name, weight);
  }
  return result;
}

at::Tensor WeightReader::Take(const std::string& name,
                              const std::vector<int64_t>& shape) {
  taken_.push_back(name);
  const auto found = weights_.find(name);
  if (found == weights_.end()) {
    status_.Update(absl::InvalidArgumentError(absl::StrCat(
        "tensor ", name, ": expected shape ", ShapeOf(shape), ", found none")));
    return {};
  }
  if (found->second.sizes().vec() != shape) {
    status_.Update(absl::InvalidArgumentError(
        absl::StrCat("tensor ", name, ": expected shape ", ShapeOf(shape),
                     ", found ", ShapeOf(found->second.sizes().vec()))));
    return {};
  }
  return found->second;
}

absl::Status WeightReader::Finish() const {
  if (!status_.ok()) return status_;
  for (const auto& [name, weight] : weights_) {
    if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", name, ": not part of this network"));
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice::model
