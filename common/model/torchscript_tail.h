// Tails that users bring: TorchScript modules from features to tensors.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "common/artifact/tail_artifact.h"
#include "common/model/tail.h"

namespace sluice::model {

inline constexpr size_t kMaxModuleOutputs = 64;

// A module is code, which may do whatever the process may.
enum class TorchScriptRule { kRefused, kAllowed };

// LoadTailNetwork for every family. FailedPrecondition for a TorchScript tail
// where it is refused; LoadTorchScriptTail's errors where it is allowed.
absl::StatusOr<std::unique_ptr<Tail>> LoadAnyTail(
    const artifact::TailArtifact& tail, TorchScriptRule rule);

// Loads tail.module in evaluation mode onto the CPU. InvalidArgument unless it
// is an archive of torch.jit.save with a forward method. Nothing of it runs
// before Run, except what it does when it is unpacked.
//
// Run gives forward a copy of the features, float32 [N,F,h,w], which it may
// write to, and names what it returns:
//   a tensor                     "output"
//   a tuple or list of tensors   "output0", "output1", ...
//   a dict of names to tensors   its keys, sorted: 1..64 printable characters
// Each is [N, ...] in host memory and is converted to float32 whatever real
// type it has; there are 1..kMaxModuleOutputs. Anything else, and what the
// module raises, is Internal with what was expected and found.
//
// A module that changes its own attributes in forward is on its own.
absl::StatusOr<std::unique_ptr<Tail>> LoadTorchScriptTail(
    const artifact::TailArtifact& tail);

}  // namespace sluice::model
