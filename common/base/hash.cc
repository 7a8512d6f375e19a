#include "common/base/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace sluice::base {
namespace {

constexpr uint32_t kCastagnoli = 0x82f63b78;  // Reflected polynomial.
constexpr size_t kSlices = 8;                 // Bytes per step of Crc32c.

using CrcTables = std::array<std::array<uint32_t, 256>, kSlices>;

// tables[k][b] is the CRC of byte b followed by k zero bytes.
constexpr CrcTables MakeCrcTables() {
  CrcTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kCastagnoli : 0);
    }
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < kSlices; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr CrcTables kCrcTables = MakeCrcTables();

}  // namespace

uint32_t Crc32c(std::span<const uint8_t> bytes, uint32_t crc) {
  crc = ~crc;
  while (bytes.size() >= kSlices) {
    uint32_t next = 0;
    for (size_t i = 0; i < kSlices; ++i) {
      const uint32_t mask = i < 4 ? crc >> (8 * i) : 0;
      next ^= kCrcTables[kSlices - 1 - i][(bytes[i] ^ mask) & 0xff];
    }
    crc = next;
    bytes = bytes.subspan(kSlices);
  }
  for (const uint8_t byte : bytes) {
    crc = (crc >> 8) ^ kCrcTables[0][(crc ^ byte) & 0xff];
  }
  return ~crc;
}

std::string Sha256Hex(std::span<const uint8_t> bytes) {
  std::array<uint8_t, 32> digest;
  // Fails only without memory or without any SHA-256 provider; going on would
  // mean comparing garbage.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr,
                 EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : digest) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

}  // namespace sluice::base
