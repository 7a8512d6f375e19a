// ParseSafetensors on any bytes, and TablesFromTensors on what it accepts.
//
// Holds 64 bytes per byte of the file: JSON such as [{},{}] takes that many.
#include <vector>

#include "common/artifact/codec_artifact.h"
#include "common/artifact/safetensors.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

using ::sluice::artifact::NamedTensor;
using ::sluice::artifact::TensorMap;

bool AreEqual(const TensorMap& a, const TensorMap& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const auto other = b.find(name);
    if (other == b.end() || tensor.dtype != other->second.dtype ||
        tensor.shape != other->second.shape ||
        tensor.bytes != other->second.bytes) {
      return false;
    }
  }
  return true;
}

}  // namespace

void FuzzSafetensors(std::span<const uint8_t> bytes) {
  const AllocationMeter meter;
  const auto tensors = artifact::ParseSafetensors(bytes);
  meter.CheckAtMost(64 * bytes.size(), "ParseSafetensors");
  if (!tensors.ok()) {
    Check(tensors.status().code() == absl::StatusCode::kInvalidArgument,
          "a bad file is InvalidArgument");
    return;
  }
  const auto again =
      artifact::ParseSafetensors(artifact::SerializeSafetensors(*tensors));
  CheckOk(again.status(), "tensors that were written");
  Check(AreEqual(*tensors, *again),
        "ParseSafetensors mirrors SerializeSafetensors");
  artifact::TablesFromTensors(*tensors).IgnoreError();
}

}  // namespace sluice::fuzz
