// A dense float32 array in host memory: how rooms without Torch pass tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::base {

// Row-major; the last dimension is contiguous. Pictures and latents are
// [C,H,W], batches [N,C,H,W], logits [N,classes].
// Invariant: values.size() is the product of shape.
struct FloatTensor {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// The product of `shape`. REQUIRES: every dimension was bounded before.
size_t NumElements(const std::vector<int64_t>& shape);

// "[3,224,224]", for error messages.
std::string ShapeToString(const std::vector<int64_t>& shape);

}  // namespace sluice::base
