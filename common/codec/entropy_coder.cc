#include "common/codec/entropy_coder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/byte_io.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

// Scalar rANS (Duda, arXiv:1311.2540; after ryg_rans) with a 32-bit state x in
// [2^24, 2^32) and bytes for renormalization. With M = 2^16 and a slot
// [start, start + freq) of it:
//   encode  x' = floor(x / freq) * M + start + x mod freq
//   decode  x  = freq * floor(x' / M) + (x' mod M) - start
// The encoder takes the symbols last to first, so that the decoder gives them
// first to last. A CDF has two slots at least, hence freq < M, and freq * M
// fits 32 bits.

namespace sluice::codec {
namespace {

constexpr uint32_t kLowerBound = 1u << 24;
constexpr uint32_t kCodeMask = (1u << kCdfPrecisionBits) - 1;
constexpr int kMaxVarintBytes = 4;  // 28 bits hold any length and any escape.

// Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
uint32_t ZigzagFromSymbol(int32_t symbol) {
  return symbol >= 0 ? 2u * symbol : 2u * -(symbol + 1) + 1u;
}

int32_t SymbolFromZigzag(uint32_t value) {
  const int32_t half = static_cast<int32_t>(value >> 1);
  return (value & 1) != 0 ? -half - 1 : half;
}

// Little-endian groups of 7 bits; bit 7 says that another one follows.
void WriteVarint(uint32_t value, base::ByteWriter& writer) {
  while (value >= 0x80) {
    writer.WriteU8(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  writer.WriteU8(static_cast<uint8_t>(value));
}

// Accepts the shortest form only.
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

int SlotOf(const QuantizedCdf& cdf, int32_t symbol) {
  const int32_t slot = symbol - cdf.min_symbol();
  return slot >= 0 && slot < cdf.num_symbols() ? slot : cdf.escape_slot();
}

// Appends the values that the escape slots of a channel stand for.
absl::Status WriteEscapes(std::span<const int32_t> symbols,
                          const QuantizedCdf& cdf, base::ByteWriter& writer) {
  for (const int32_t symbol : symbols) {
    if (symbol < -kMaxSymbol || symbol > kMaxSymbol) {
      return absl::InvalidArgumentError(
          absl::StrCat("symbol ", symbol, " is outside +-", kMaxSymbol));
    }
    if (SlotOf(cdf, symbol) == cdf.escape_slot()) {
      WriteVarint(ZigzagFromSymbol(symbol), writer);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int32_t> ReadEscape(const QuantizedCdf& cdf,
                                   base::ByteReader& escapes) {
  SLUICE_ASSIGN_OR_RETURN(const uint32_t zigzag, ReadVarint(escapes));
  const int32_t symbol = SymbolFromZigzag(zigzag);
  if (symbol < -kMaxSymbol || symbol > kMaxSymbol) {
    return absl::DataLossError(absl::StrCat("payload: escaped symbol ", symbol,
                                            " is outside +-", kMaxSymbol));
  }
  if (SlotOf(cdf, symbol) != cdf.escape_slot()) {
    return absl::DataLossError(absl::StrCat("payload: escaped symbol ", symbol,
                                            " has a slot in its table"));
  }
  return symbol;
}

class RansEncoder {
 public:
  // Takes the symbols of a channel, last to first.
  void PutChannel(const QuantizedCdf& cdf, std::span<const int32_t> symbols) {
    for (size_t i = symbols.size(); i-- > 0;) {
      PutSlot(cdf, SlotOf(cdf, symbols[i]));
    }
  }

  // The final state, then the bytes in the order in which a decoder needs them.
  void Finish(base::ByteWriter& writer) && {
    std::reverse(reversed_bytes_.begin(), reversed_bytes_.end());
    writer.WriteU32(state_);
    writer.WriteBytes(reversed_bytes_);
  }

 private:
  void PutSlot(const QuantizedCdf& cdf, int slot) {
    const uint32_t start = cdf.cdf()[slot];
    const uint32_t freq = cdf.cdf()[slot + 1] - start;
    while (state_ >= freq << kCdfPrecisionBits) {
      reversed_bytes_.push_back(static_cast<uint8_t>(state_));
      state_ >>= 8;
    }
    state_ = ((state_ / freq) << kCdfPrecisionBits) + start + state_ % freq;
  }

  uint32_t state_ = kLowerBound;
  std::vector<uint8_t> reversed_bytes_;
};

// Finds the slot that holds a code (the low 16 bits of a state). The upper 8
// bits of the code pick a bucket; every slot is at least one code wide, so that
// a bucket meets at most 256 slots and the search in it takes 8 steps at most.
class SlotIndex {
 public:
  explicit SlotIndex(const QuantizedCdf& cdf) : cdf_(cdf.cdf()) {
    size_t slot = 0;
    for (uint32_t bucket = 0; bucket < kNumBuckets; ++bucket) {
      while (cdf_[slot + 1] <= bucket << kBucketBits) ++slot;
      first_slot_[bucket] = static_cast<uint16_t>(slot);
    }
    first_slot_[kNumBuckets] = static_cast<uint16_t>(cdf_.size() - 2);
  }

  // REQUIRES: code < 2^kCdfPrecisionBits.
  int Find(uint32_t code) const {
    const uint32_t bucket = code >> kBucketBits;
    const auto first = cdf_.begin() + first_slot_[bucket] + 1;
    const auto last = cdf_.begin() + first_slot_[bucket + 1] + 1;
    return static_cast<int>(std::upper_bound(first, last, code) -
                            cdf_.begin()) -
           1;
  }

 private:
  static constexpr uint32_t kNumBuckets = 256;
  static constexpr int kBucketBits = kCdfPrecisionBits - 8;

  std::span<const uint32_t> cdf_;
  std::array<uint16_t, kNumBuckets + 1> first_slot_;  // That meets the bucket.
};

class RansDecoder {
 public:
  static absl::StatusOr<RansDecoder> Create(base::ByteReader reader) {
    SLUICE_ASSIGN_OR_RETURN(const uint32_t state, reader.ReadU32());
    if (state < kLowerBound) {
      return absl::DataLossError(absl::StrCat("payload: initial state ", state,
                                              " is below ", kLowerBound));
    }
    return RansDecoder(state, reader);
  }

  uint32_t code() const { return state_ & kCodeMask; }

  // REQUIRES: `slot` holds code(). The state is 2^24 at least, so that 2^8 or
  // more is left of it and two bytes restore it.
  absl::Status TakeSlot(const QuantizedCdf& cdf, int slot) {
    const uint32_t start = cdf.cdf()[slot];
    const uint32_t freq = cdf.cdf()[slot + 1] - start;
    state_ = freq * (state_ >> kCdfPrecisionBits) + code() - start;
    while (state_ < kLowerBound) {
      SLUICE_ASSIGN_OR_RETURN(const uint8_t byte, reader_.ReadU8());
      state_ = state_ << 8 | byte;
    }
    return absl::OkStatus();
  }

  // OK when the stream ends where the encoder began.
  absl::Status Finish() const {
    if (reader_.remaining_bytes() != 0) {
      return absl::DataLossError(
          absl::StrCat("payload: ", reader_.remaining_bytes(),
                       " bytes follow the last symbol"));
    }
    if (state_ != kLowerBound) {
      return absl::DataLossError(absl::StrCat("payload: final state ", state_,
                                              ", expected ", kLowerBound));
    }
    return absl::OkStatus();
  }

 private:
  RansDecoder(uint32_t state, base::ByteReader reader)
      : state_(state), reader_(reader) {}

  uint32_t state_;
  base::ByteReader reader_;
};

absl::Status DecodeChannel(const QuantizedCdf& cdf, RansDecoder& decoder,
                           base::ByteReader& escapes,
                           std::span<int32_t> symbols) {
  const SlotIndex index(cdf);
  for (int32_t& symbol : symbols) {
    const int slot = index.Find(decoder.code());
    SLUICE_RETURN_IF_ERROR(decoder.TakeSlot(cdf, slot));
    symbol = cdf.min_symbol() + slot;
    if (slot == cdf.escape_slot()) {
      SLUICE_ASSIGN_OR_RETURN(symbol, ReadEscape(cdf, escapes));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> EncodeSymbols(
    std::span<const int32_t> symbols, const LatentShape& shape,
    std::span<const ChannelTable> channels) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, symbols.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  base::ByteWriter escape_writer;
  for (size_t c = 0; c < channels.size(); ++c) {
    SLUICE_RETURN_IF_ERROR(
        WriteEscapes(symbols.subspan(c * num_positions, num_positions),
                     channels[c].cdf, escape_writer));
  }
  const std::vector<uint8_t> escapes = std::move(escape_writer).Take();

  RansEncoder encoder;
  for (size_t c = channels.size(); c-- > 0;) {
    encoder.PutChannel(channels[c].cdf,
                       symbols.subspan(c * num_positions, num_positions));
  }
  base::ByteWriter writer;
  WriteVarint(static_cast<uint32_t>(escapes.size()), writer);
  writer.WriteBytes(escapes);
  std::move(encoder).Finish(writer);
  if (writer.size_bytes() > kMaxPayloadBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("payload of ", writer.size_bytes(), " bytes exceeds ",
                     kMaxPayloadBytes));
  }
  return std::move(writer).Take();
}

absl::StatusOr<std::vector<int32_t>> DecodeSymbols(
    std::span<const uint8_t> payload, const LatentShape& shape,
    std::span<const ChannelTable> channels) {
  SLUICE_RETURN_IF_ERROR(CheckLatentShape(shape));
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, shape.num_elements(), channels.size()));
  base::ByteReader reader(payload);
  SLUICE_ASSIGN_OR_RETURN(const uint32_t escape_bytes, ReadVarint(reader));
  SLUICE_ASSIGN_OR_RETURN(const std::span<const uint8_t> escape_section,
                          reader.ReadBytes(escape_bytes));
  base::ByteReader escapes(escape_section);
  SLUICE_ASSIGN_OR_RETURN(RansDecoder decoder, RansDecoder::Create(reader));

  const size_t num_positions = shape.num_positions();
  std::vector<int32_t> symbols(shape.num_elements());
  for (size_t c = 0; c < channels.size(); ++c) {
    SLUICE_RETURN_IF_ERROR(DecodeChannel(
        channels[c].cdf, decoder, escapes,
        std::span(symbols).subspan(c * num_positions, num_positions)));
  }
  SLUICE_RETURN_IF_ERROR(decoder.Finish());
  if (escapes.remaining_bytes() != 0) {
    return absl::DataLossError(
        absl::StrCat("payload: ", escapes.remaining_bytes(),
                     " bytes follow the last escape"));
  }
  return symbols;
}

}  // namespace sluice::codec
