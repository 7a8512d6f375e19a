// Checksums and digests: CRC-32C for frames, SHA-256 for artifacts.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sluice::base {

// CRC-32C (Castagnoli, RFC 3720): Crc32c("123456789") == 0xe3069283.
// `crc` continues an earlier call over the preceding bytes.
uint32_t Crc32c(std::span<const uint8_t> bytes, uint32_t crc = 0);

// Lower-case hexadecimal SHA-256, 64 characters.
std::string Sha256Hex(std::span<const uint8_t> bytes);

}  // namespace sluice::base
