#include "tests/fuzz/allocation_meter.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzz_check.h"

namespace sluice::fuzz {
namespace {

std::atomic<size_t> held_bytes = 0;
std::atomic<size_t> peak_bytes = 0;

void* Allocate(size_t num_bytes) noexcept {
  void* const memory = std::malloc(num_bytes);
  const size_t held = held_bytes += malloc_usable_size(memory);
  if (held > peak_bytes) peak_bytes = held;
  return memory;
}

void* AllocateOrThrow(size_t num_bytes) {
  void* const memory = Allocate(num_bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void Free(void* memory) noexcept {
  held_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

AllocationMeter::AllocationMeter() : held_before_(held_bytes) {
  peak_bytes = held_before_;
}

void AllocationMeter::CheckAtMost(size_t max_bytes,
                                  const std::string& what) const {
  const size_t held = peak_bytes - held_before_;
  if (held <= max_bytes + kMessageBytes) return;
  Check(false, absl::StrCat(what, ": expected to hold at most ", max_bytes,
                            " bytes, found ", held));
}

}  // namespace sluice::fuzz

using sluice::fuzz::Allocate;
using sluice::fuzz::AllocateOrThrow;
using sluice::fuzz::Free;

// All of them, as a sanitizer has its own of each and compares their kinds.
void* operator new(size_t num_bytes) { return AllocateOrThrow(num_bytes); }
void* operator new[](size_t num_bytes) { return AllocateOrThrow(num_bytes); }
void* operator new(size_t num_bytes, const std::nothrow_t&) noexcept {
  return Allocate(num_bytes);
}
void* operator new[](size_t num_bytes, const std::nothrow_t&) noexcept {
  return Allocate(num_bytes);
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete[](void* memory, size_t) noexcept { Free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  Free(memory);
}
