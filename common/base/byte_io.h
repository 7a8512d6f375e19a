// Little-endian reading and writing of untrusted bytes, always bounds-checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::base {

// Reads forward through bytes that must outlive the reader. Every failure is
// DataLoss and says what was expected and how many bytes were left; a failed
// read consumes nothing.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  size_t remaining_bytes() const { return bytes_.size(); }

  absl::StatusOr<uint8_t> ReadU8();
  absl::StatusOr<uint16_t> ReadU16();
  absl::StatusOr<uint32_t> ReadU32();
  absl::StatusOr<uint64_t> ReadU64();
  absl::StatusOr<std::span<const uint8_t>> ReadBytes(size_t num_bytes);

 private:
  std::span<const uint8_t> bytes_;
};

// Appends to a buffer it owns until Take() hands it over.
class ByteWriter {
 public:
  ByteWriter() = default;
  // Takes over the memory of `buffer`, not its contents.
  explicit ByteWriter(std::vector<uint8_t> buffer) : bytes_(std::move(buffer)) {
    bytes_.clear();
  }

  void WriteU8(uint8_t value);
  void WriteU16(uint16_t value);
  void WriteU32(uint32_t value);
  void WriteU64(uint64_t value);
  void WriteBytes(std::span<const uint8_t> bytes);

  size_t size_bytes() const { return bytes_.size(); }
  std::span<const uint8_t> bytes() const { return bytes_; }
  std::vector<uint8_t> Take() && { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace sluice::base
