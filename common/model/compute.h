// LibTorch's threads and libraries, for whoever runs networks. No Torch in
// here.
#pragma once

#include <string>

namespace sluice::model {

// Bounds LibTorch's intra-op threads; call it on the thread that runs networks.
// 0 keeps the default.
void SetComputeThreads(int num_threads);

// "LibTorch 1.13.1, BLAS libopenblas.so.0, 2 threads": for a log line at start.
// BLAS is the library the process has loaded, "none" when it is unoptimized.
std::string ComputeDescription();

}  // namespace sluice::model
