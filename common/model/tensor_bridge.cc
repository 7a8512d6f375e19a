#include "common/model/tensor_bridge.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace sluice::model {

at::Tensor ToTorch(const base::FloatTensor& tensor) {
  return at::from_blob(const_cast<float*>(tensor.values.data()), tensor.shape,
                       at::kFloat);
}

base::FloatTensor FromTorch(const at::Tensor& tensor) {
  const at::Tensor plain =
      tensor.to(at::kCPU, at::kFloat).contiguous(at::MemoryFormat::Contiguous);
  const float* begin = plain.data_ptr<float>();
  return {.shape = plain.sizes().vec(),
          .values = std::vector<float>(begin, begin + plain.numel())};
}

absl::Status CheckShape(const base::FloatTensor& tensor,
                        const std::vector<int64_t>& expected,
                        const char* what) {
  bool matches = tensor.shape.size() == expected.size();
  for (size_t i = 0; matches && i < expected.size(); ++i) {
    matches = tensor.shape[i] > 0 &&
              (expected[i] < 0 || tensor.shape[i] == expected[i]);
  }
  if (!matches || base::NumElements(tensor.shape) != tensor.values.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": expected shape ", base::ShapeToString(expected),
                     ", found ", base::ShapeToString(tensor.shape), " with ",
                     tensor.values.size(), " values"));
  }
  return absl::OkStatus();
}

absl::StatusOr<base::FloatTensor> RunNetwork(
    const std::function<at::Tensor()>& network) {
  SLUICE_ASSIGN_OR_RETURN(
      std::vector<base::FloatTensor> outputs,
      RunNetworkForAll([&] { return std::vector<at::Tensor>{network()}; }));
  return std::move(outputs.front());
}

absl::StatusOr<std::vector<base::FloatTensor>> RunNetworkForAll(
    const std::function<std::vector<at::Tensor>()>& network) {
  try {
    const c10::InferenceMode inference;
    std::vector<base::FloatTensor> outputs;
    for (const at::Tensor& output : network()) {
      outputs.push_back(FromTorch(output));
    }
    return outputs;
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("network failed: ", error.what_without_backtrace()));
  }
}

}  // namespace sluice::model
