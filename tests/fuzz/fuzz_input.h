// Takes an input apart into the numbers that a fuzz target wants.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::fuzz {

// Little-endian, front to back; zeros follow the last byte.
class FuzzInput {
 public:
  explicit FuzzInput(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint8_t TakeU8() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  uint16_t TakeU16() {
    const uint16_t low = TakeU8();
    return static_cast<uint16_t>(low | TakeU8() << 8);
  }
  uint32_t TakeU32() {
    const uint32_t low = TakeU16();
    return low | static_cast<uint32_t>(TakeU16()) << 16;
  }
  bool TakeBool() { return (TakeU8() & 1) != 0; }
  // One byte's choice of min .. max. REQUIRES: max - min < 256.
  int TakeBetween(int min, int max) { return min + TakeU8() % (max - min + 1); }

  std::span<const uint8_t> TakeBytes(size_t num_bytes) {
    const auto taken = bytes_.first(std::min(num_bytes, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  std::span<const uint8_t> TakeRest() { return TakeBytes(bytes_.size()); }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace sluice::fuzz
