#include "common/model/compute.h"

#include <ATen/Parallel.h>
#include <link.h>
#include <malloc.h>
#include <torch/version.h>

#include <algorithm>
#include <string_view>
#include <thread>

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
  const int num_cores =
      std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  at::set_num_threads(num_threads > 0 ? num_threads : num_cores);
}

void KeepFreedMemory() {
  constexpr int kBytes = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kBytes);
  mallopt(M_TRIM_THRESHOLD, kBytes);
}

std::string ComputeDescription() {
  std::string blas = "none";
  dl_iterate_phdr(FindBlas, &blas);
  return absl::StrCat("LibTorch ", TORCH_VERSION, ", BLAS ", blas, ", ",
                      at::get_num_threads(), " threads");
}

}  // namespace sluice::model
