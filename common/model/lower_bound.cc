#include "common/model/lower_bound.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sluice::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct LowerBoundFunction : torch::autograd::Function<LowerBoundFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            double bound) {
    context->save_for_backward({x});
    context->saved_data["bound"] = bound;
    return at::clamp_min(x, bound);
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const double bound = context->saved_data["bound"].toDouble();
    const at::Tensor passes = (x >= bound).logical_or(gradients[0] < 0);
    return {gradients[0] * passes, at::Tensor()};
  }
};

}  // namespace

at::Tensor LowerBound(const at::Tensor& x, double bound) {
  return x.requires_grad() ? LowerBoundFunction::apply(x, bound)
                           : at::clamp_min(x, bound);
}

}  // namespace sluice::model
