#include "common/base/byte_io.h"

#include <concepts>

#include "absl/strings/str_cat.h"

namespace sluice::base {
namespace {

template <std::unsigned_integral T>
absl::StatusOr<T> ReadLittleEndian(ByteReader& reader) {
  absl::StatusOr<std::span<const uint8_t>> bytes = reader.ReadBytes(sizeof(T));
  if (!bytes.ok()) return std::move(bytes).status();
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= uint64_t{(*bytes)[i]} << (8 * i);
  }
  return static_cast<T>(value);
}

template <std::unsigned_integral T>
void AppendLittleEndian(T value, std::vector<uint8_t>& bytes) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
}

}  // namespace

absl::StatusOr<uint8_t> ByteReader::ReadU8() {
  return ReadLittleEndian<uint8_t>(*this);
}

absl::StatusOr<uint16_t> ByteReader::ReadU16() {
  return ReadLittleEndian<uint16_t>(*this);
}

absl::StatusOr<uint32_t> ByteReader::ReadU32() {
  return ReadLittleEndian<uint32_t>(*this);
}

absl::StatusOr<uint64_t> ByteReader::ReadU64() {
  return ReadLittleEndian<uint64_t>(*this);
}

absl::StatusOr<std::span<const uint8_t>> ByteReader::ReadBytes(
    size_t num_bytes) {
  if (num_bytes > bytes_.size()) {
    return absl::DataLossError(absl::StrCat(
        "expected ", num_bytes, " more bytes, found ", bytes_.size()));
  }
  const std::span<const uint8_t> head = bytes_.first(num_bytes);
  bytes_ = bytes_.subspan(num_bytes);
  return head;
}

void ByteWriter::WriteU8(uint8_t value) { bytes_.push_back(value); }

void ByteWriter::WriteU16(uint16_t value) { AppendLittleEndian(value, bytes_); }

void ByteWriter::WriteU32(uint32_t value) { AppendLittleEndian(value, bytes_); }

void ByteWriter::WriteU64(uint64_t value) { AppendLittleEndian(value, bytes_); }

void ByteWriter::WriteBytes(std::span<const uint8_t> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

}  // namespace sluice::base
