// Where training computes: on the CPU, or on CUDA when LibTorch has it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "absl/status/statusor.h"
#include "common/model/weights.h"

namespace sluice::train {

// "cpu", "cuda" (the first visible GPU), or "auto": CUDA when there, else the
// CPU. float32 stays float32 on it: no TF32. InvalidArgument for another name,
// FailedPrecondition for "cuda" where LibTorch finds no GPU.
absl::StatusOr<at::Device> OpenComputeDevice(const std::string& name);

// The weights on `device` with their memory formats; those that are there
// already share their storage.
model::Weights OnDevice(const model::Weights& weights, at::Device device);

// Lets convolutions on `device` run in bfloat16 for the enclosing scope.
class AutocastScope {
 public:
  explicit AutocastScope(at::Device device);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  const bool on_cuda_;
  const bool was_enabled_;
};

}  // namespace sluice::train
