#include "common/model/compute.h"

#include <ATen/Parallel.h>
#include <link.h>
#include <torch/version.h>

#include <string_view>

#include "absl/strings/str_cat.h"

namespace sluice::model {
namespace {

// The file behind the loaded BLAS: Debian's libblas.so.3 is a link that
// alternatives point to OpenBLAS, BLIS, ATLAS or the slow reference.
int FindBlas(dl_phdr_info* info, size_t /*size*/, void* result) {
  const std::string_view path = info->dlpi_name;
  for (const std::string_view name : {"openblas", "blis", "mkl_rt", "blas"}) {
    if (path.find(name) != std::string_view::npos) {
      *static_cast<std::string*>(result) = std::string(path);
      return name != "blas";  // A better match may follow the plain name.
    }
  }
  return 0;
}

}  // namespace

void SetComputeThreads(int num_threads) {
  if (num_threads > 0) at::set_num_threads(num_threads);
}

std::string ComputeDescription() {
  std::string blas = "none";
  dl_iterate_phdr(FindBlas, &blas);
  return absl::StrCat("LibTorch ", TORCH_VERSION, ", BLAS ", blas, ", ",
                      at::get_num_threads(), " threads");
}

}  // namespace sluice::model
