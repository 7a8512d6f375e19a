// What libFuzzer calls; SLUICE_FUZZ_TARGET is the name of the target.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

constexpr const FuzzTarget* kTarget = std::find_if(
    std::begin(kFuzzTargets), std::end(kFuzzTargets),
    [](const FuzzTarget& t) { return t.name == SLUICE_FUZZ_TARGET; });
static_assert(kTarget != std::end(kFuzzTargets));

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::kTarget->run({data, size});
  return 0;
}
