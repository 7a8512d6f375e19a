#include "common/codec/escape_section.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

namespace sluice::codec {
namespace {

constexpr int kMaxVarintBytes = 4;  // 28 bits hold any length and any escape.

// Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
uint32_t ZigzagFromSymbol(int32_t symbol) {
  return symbol >= 0 ? 2u * symbol : 2u * -(symbol + 1) + 1u;
}

int32_t SymbolFromZigzag(uint32_t value) {
  const int32_t half = static_cast<int32_t>(value >> 1);
  return (value & 1) != 0 ? -half - 1 : half;
}

bool IsSymbol(int32_t value) {
  return value >= -kMaxSymbol && value <= kMaxSymbol;
}

bool HasSlot(const QuantizedCdf& cdf, int32_t symbol) {
  return symbol >= cdf.min_symbol() &&
         symbol < cdf.min_symbol() + cdf.num_symbols();
}

// Escapes are rare: channels are searched for them block by block, without
// branches, so that vectors do it.
size_t BlockOf(std::span<const int32_t> symbols) {
  constexpr size_t kBlock = 256;
  return std::min(symbols.size(), kBlock);
}

absl::StatusOr<int32_t> ReadEscape(const QuantizedCdf& cdf,
                                   base::ByteReader& section) {
  SLUICE_ASSIGN_OR_RETURN(const uint32_t zigzag, ReadVarint(section));
  const int32_t symbol = SymbolFromZigzag(zigzag);
  if (!IsSymbol(symbol)) {
    return absl::DataLossError(absl::StrCat("payload: escaped symbol ", symbol,
                                            " is outside +-", kMaxSymbol));
  }
  if (HasSlot(cdf, symbol)) {
    return absl::DataLossError(absl::StrCat("payload: escaped symbol ", symbol,
                                            " has a slot in its table"));
  }
  return symbol;
}

}  // namespace

void AppendVarint(uint32_t value, std::vector<uint8_t>& bytes) {
  for (; value >= 0x80; value >>= 7) {
    bytes.push_back(static_cast<uint8_t>(value | 0x80));
  }
  bytes.push_back(static_cast<uint8_t>(value));
}

absl::StatusOr<uint32_t> ReadVarint(base::ByteReader& reader) {
  uint32_t value = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    SLUICE_ASSIGN_OR_RETURN(const uint8_t byte, reader.ReadU8());
    value |= static_cast<uint32_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && i > 0) {
      return absl::DataLossError(
          absl::StrCat("payload: varint ", value, " is padded to ", i + 1,
                       " bytes, expected the shortest form"));
    }
    return value;
  }
  return absl::DataLossError(
      absl::StrCat("payload: varint exceeds ", kMaxVarintBytes, " bytes"));
}

absl::Status AppendEscapes(std::span<const int32_t> symbols,
                           const QuantizedCdf& cdf,
                           std::vector<uint8_t>& section) {
  const int32_t first = cdf.min_symbol();
  const int32_t last = first + cdf.num_symbols() - 1;
  for (; !symbols.empty(); symbols = symbols.subspan(BlockOf(symbols))) {
    const std::span<const int32_t> block = symbols.first(BlockOf(symbols));
    int num_escapes = 0;
    for (const int32_t symbol : block) {
      num_escapes += (symbol < first) | (symbol > last);
    }
    if (num_escapes == 0) continue;
    for (const int32_t symbol : block) {
      if (HasSlot(cdf, symbol)) continue;
      if (!IsSymbol(symbol)) {
        return absl::InvalidArgumentError(
            absl::StrCat("symbol ", symbol, " is outside +-", kMaxSymbol));
      }
      AppendVarint(ZigzagFromSymbol(symbol), section);
    }
  }
  return absl::OkStatus();
}

absl::Status FillEscapes(const QuantizedCdf& cdf, base::ByteReader& section,
                         std::span<int32_t> symbols) {
  const int32_t escape = cdf.min_symbol() + cdf.escape_slot();
  for (; !symbols.empty(); symbols = symbols.subspan(BlockOf(symbols))) {
    const std::span<int32_t> block = symbols.first(BlockOf(symbols));
    int num_escapes = 0;
    for (const int32_t symbol : block) num_escapes += symbol == escape;
    if (num_escapes == 0) continue;
    for (int32_t& symbol : block) {
      if (symbol != escape) continue;
      SLUICE_ASSIGN_OR_RETURN(symbol, ReadEscape(cdf, section));
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice::codec
