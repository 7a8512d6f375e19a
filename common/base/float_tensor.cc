#include "common/base/float_tensor.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice::base {

size_t NumElements(const std::vector<int64_t>& shape) {
  size_t num_elements = 1;
  for (const int64_t side : shape) num_elements *= static_cast<size_t>(side);
  return num_elements;
}

std::string ShapeToString(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ","), "]");
}

}  // namespace sluice::base
