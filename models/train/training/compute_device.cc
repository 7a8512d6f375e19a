#include "models/train/training/compute_device.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include "absl/strings/str_cat.h"

namespace sluice::train {

absl::StatusOr<at::Device> OpenComputeDevice(const std::string& name) {
  if (name != "auto" && name != "cpu" && name != "cuda") {
    return absl::InvalidArgumentError(absl::StrCat(
        "device: expected auto, cpu or cuda, found \"", name, "\""));
  }
  at::Context& context = at::globalContext();
  const bool has_cuda = context.hasCUDA();
  if (name == "cuda" && !has_cuda) {
    return absl::FailedPreconditionError(
        "device cuda: expected a GPU that LibTorch can use, found none");
  }
  if (name == "cpu" || !has_cuda) return at::Device(at::kCPU);
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  return at::Device(at::kCUDA, 0);
}

model::Weights OnDevice(const model::Weights& weights, at::Device device) {
  model::Weights moved;
  for (const auto& [name, weight] : weights) {
    moved.emplace(name, weight.to(device));
  }
  return moved;
}

AutocastScope::AutocastScope(at::Device device)
    : on_cuda_(device.is_cuda()),
      was_enabled_(on_cuda_ ? at::autocast::is_enabled()
                            : at::autocast::is_cpu_enabled()) {
  if (on_cuda_) {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(true);
  } else {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(true);
  }
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  if (on_cuda_) {
    at::autocast::set_enabled(was_enabled_);
  } else {
    at::autocast::set_cpu_enabled(was_enabled_);
  }
}

}  // namespace sluice::train
