// The border between host tensors and Torch: every crossing is here.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"

namespace sluice::model {

// A view: `tensor` must outlive the result, which must not be written to.
at::Tensor ToTorch(const base::FloatTensor& tensor);
base::FloatTensor FromTorch(const at::Tensor& tensor);

// InvalidArgument unless `tensor` has `expected`'s rank and dimensions, -1
// accepting any positive one, and as many values as its shape says.
absl::Status CheckShape(const base::FloatTensor& tensor,
                        const std::vector<int64_t>& expected, const char* what);

// Runs a network without gradients; an exception of LibTorch becomes Internal.
absl::StatusOr<base::FloatTensor> RunNetwork(
    const std::function<at::Tensor()>& network);
// One with several outputs.
absl::StatusOr<std::vector<base::FloatTensor>> RunNetworkForAll(
    const std::function<std::vector<at::Tensor>()>& network);

}  // namespace sluice::model
