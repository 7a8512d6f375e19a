// LibTorch's threads and libraries, for whoever runs networks. No Torch in
// here.
#pragma once

#include <string>

namespace sluice::model {

// Bounds LibTorch's intra-op threads; call it on the thread that runs networks.
// 0: one per core, which is not LibTorch's own default everywhere.
void SetComputeThreads(int num_threads);

// Keeps freed memory in the process. Activations are megabytes each, and glibc
// by default returns such blocks to the kernel, only to fault them in again for
// the next layer: a third of the time of `sluice-model eval`. Call it once, at
// the start of a program that runs networks.
void KeepFreedMemory();

// "LibTorch 1.13.1, BLAS libopenblas.so.0, 2 threads": for a log line at start.
// BLAS is the library the process has loaded, "none" when it is unoptimized.
std::string ComputeDescription();

}  // namespace sluice::model
