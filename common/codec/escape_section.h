// The symbols that have no slot in their table, as varints.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/byte_io.h"
#include "common/codec/codec_tables.h"

namespace sluice::codec {

// Little-endian groups of 7 bits; bit 7 says that another one follows.
void AppendVarint(uint32_t value, std::vector<uint8_t>& bytes);

// 1 to 4 bytes, the shortest form only; DataLoss otherwise.
absl::StatusOr<uint32_t> ReadVarint(base::ByteReader& reader);

// Appends those of a channel's symbols that the table has no slot for.
// InvalidArgument when one is outside +-kMaxSymbol.
absl::Status AppendEscapes(std::span<const int32_t> symbols,
                           const QuantizedCdf& cdf,
                           std::vector<uint8_t>& section);

// Puts the next escapes of a section where a channel's symbols hold the escape
// slot's, min_symbol() + escape_slot(). DataLoss when one is missing, not in
// its shortest form, outside +-kMaxSymbol, or has a slot.
absl::Status FillEscapes(const QuantizedCdf& cdf, base::ByteReader& section,
                         std::span<int32_t> symbols);

}  // namespace sluice::codec
