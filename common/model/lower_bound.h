// max(x, bound) that training can leave again.
#pragma once

#include <ATen/core/Tensor.h>

namespace sluice::model {

// max(x, bound), of x's shape and type. Below the bound a gradient passes when
// following it raises x, so that a weight is not stuck there (Balle, "Efficient
// nonlinear transforms for lossy image compression", 2018).
at::Tensor LowerBound(const at::Tensor& x, double bound);

}  // namespace sluice::model
