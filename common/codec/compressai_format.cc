#include "common/codec/compressai_format.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

// rANS after ryg_rans' rans64.h with a state x in [2^31, 2^63) and 32-bit words
// for renormalization. A string is little-endian words: the final state, low
// half first, then the words in the order in which the decoder needs them. With
// a slot [start, start + freq) of 2^16:
//   encode  x' = floor(x / freq) * 2^16 + start + x mod freq
//   decode  x  = freq * floor(x' / 2^16) + (x' mod 2^16) - start
// and a nibble b is x' = 16 x + b. A symbol at a distance d above or below
// those of its table is the escape slot, then the number of nibbles of `raw`,
// then these, least significant first, where raw is 2d - 2 above and 2d - 1
// below. A number of 15 or more would continue in a further nibble, but 7 hold
// every distance up to kMaxCompressAiDistance.

namespace sluice::codec {
namespace {

constexpr uint64_t kLowerBound = uint64_t{1} << 31;
constexpr uint64_t kUpperBound = uint64_t{1} << 63;
constexpr uint32_t kCdfTotal = 1u << kCompressAiPrecisionBits;
constexpr int kNibbleBits = 4;
constexpr uint32_t kMaxEscapeNibbles = 7;
constexpr int64_t kMaxRaw = (int64_t{1} << kNibbleBits * kMaxEscapeNibbles) - 1;
static_assert(kMaxRaw == 2 * int64_t{kMaxCompressAiDistance} - 1);
constexpr size_t kWordBytes = 4;

template <typename... Parts>
absl::Status Damaged(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat("CompressAI string: ", parts...));
}

absl::Status CheckSizes(size_t num_symbols, size_t num_indexes) {
  if (num_symbols != num_indexes) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a table index for each of ", num_symbols,
                     " symbols, found ", num_indexes));
  }
  if (num_symbols > kMaxCompressAiSymbols) {
    return absl::ResourceExhaustedError(
        absl::StrCat(num_symbols, " symbols exceed ", kMaxCompressAiSymbols));
  }
  return absl::OkStatus();
}

absl::Status IndexError(size_t position, int32_t index, size_t num_tables) {
  return absl::InvalidArgumentError(
      absl::StrCat("table index ", index, " at position ", position,
                   ", expected one of ", num_tables, " tables"));
}

absl::Status DistanceError(size_t position, int32_t symbol,
                           const CompressAiTable& table) {
  return absl::InvalidArgumentError(absl::StrCat(
      "symbol ", symbol, " at position ", position, " is more than ",
      kMaxCompressAiDistance, " away from its table of ", table.offset(),
      " to ", table.offset() + table.num_symbols() - 1));
}

class Decoder {
 public:
  static absl::StatusOr<Decoder> Create(std::span<const uint8_t> string) {
    if (string.size() < 2 * kWordBytes || string.size() % kWordBytes != 0) {
      return Damaged(string.size(), " bytes, expected a multiple of 4 from 8");
    }
    const Decoder decoder(string);
    if (decoder.state_ < kLowerBound || decoder.state_ >= kUpperBound) {
      return Damaged("initial state ", decoder.state_, ", expected ",
                     kLowerBound, " to ", kUpperBound - 1);
    }
    return decoder;
  }

  uint32_t code() const { return state_ & (kCdfTotal - 1); }

  // REQUIRES: code() is in [start, end).
  void TakeSlot(uint32_t start, uint32_t end) {
    state_ = uint64_t{end - start} * (state_ >> kCompressAiPrecisionBits) +
             code() - start;
    Renormalize();
  }

  uint32_t TakeNibble() {
    const uint32_t nibble = state_ & 15;
    state_ >>= kNibbleBits;
    Renormalize();
    return nibble;
  }

  absl::Status CheckNotTruncated() const {
    if (!truncated_) return absl::OkStatus();
    return Damaged(string_.size(), " bytes end before the last symbol");
  }

  // OK when the string ends where the encoder began.
  absl::Status Finish() const {
    SLUICE_RETURN_IF_ERROR(CheckNotTruncated());
    if (position_ != string_.size()) {
      return Damaged(string_.size() - position_,
                     " bytes follow the last symbol");
    }
    if (state_ != kLowerBound) {
      return Damaged("final state ", state_, ", expected ", kLowerBound);
    }
    return absl::OkStatus();
  }

 private:
  explicit Decoder(std::span<const uint8_t> string) : string_(string) {
    state_ = NextWord();
    state_ |= uint64_t{NextWord()} << 32;
  }

  // The state was 2^31 at least, so that 2^15 or more is left of it and one
  // word restores it.
  void Renormalize() {
    if (state_ < kLowerBound) state_ = state_ << 32 | NextWord();
  }

  // A word past the end is 0 and remembered, which keeps statuses out of the
  // loop over the symbols.
  uint32_t NextWord() {
    if (position_ == string_.size()) {
      truncated_ = true;
      return 0;
    }
    uint32_t word = 0;
    for (size_t i = 0; i < kWordBytes; ++i) {
      word |= uint32_t{string_[position_ + i]} << (8 * i);
    }
    position_ += kWordBytes;
    return word;
  }

  std::span<const uint8_t> string_;
  size_t position_ = 0;
  uint64_t state_ = 0;
  bool truncated_ = false;
};

absl::StatusOr<int32_t> TakeEscaped(const CompressAiTable& table,
                                    Decoder& decoder) {
  const uint32_t num_nibbles = decoder.TakeNibble();
  SLUICE_RETURN_IF_ERROR(decoder.CheckNotTruncated());
  if (num_nibbles > kMaxEscapeNibbles) {
    return Damaged("escape of ", num_nibbles, " nibbles exceeds ",
                   kMaxEscapeNibbles);
  }
  uint32_t raw = 0;
  for (uint32_t i = 0; i < num_nibbles; ++i) {
    raw |= decoder.TakeNibble() << (kNibbleBits * i);
  }
  SLUICE_RETURN_IF_ERROR(decoder.CheckNotTruncated());
  if (num_nibbles > 0 && raw >> (kNibbleBits * (num_nibbles - 1)) == 0) {
    return Damaged("escape ", raw, " is padded to ", num_nibbles,
                   " nibbles, expected the shortest form");
  }
  const int32_t half = static_cast<int32_t>(raw >> 1);
  return table.offset() +
         ((raw & 1) != 0 ? -half - 1 : table.num_symbols() + half);
}

}  // namespace

absl::StatusOr<CompressAiTable> CompressAiTable::Create(
    std::span<const int32_t> quantized_cdf, int32_t cdf_length,
    int32_t offset) {
  if (cdf_length < 3 ||
      static_cast<size_t>(cdf_length) > quantized_cdf.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "CDF length ", cdf_length, ", expected 3 to ", quantized_cdf.size()));
  }
  if (offset < -kMaxCompressAiOffset || offset > kMaxCompressAiOffset) {
    return absl::InvalidArgumentError(absl::StrCat(
        "offset ", offset, " is outside +-", kMaxCompressAiOffset));
  }
  const std::span<const int32_t> cdf = quantized_cdf.first(cdf_length);
  if (cdf.front() != 0 || cdf.back() != int32_t{kCdfTotal}) {
    return absl::InvalidArgumentError(
        absl::StrCat("CDF goes from ", cdf.front(), " to ", cdf.back(),
                     ", expected 0 to ", kCdfTotal));
  }
  for (size_t i = 1; i < cdf.size(); ++i) {
    if (cdf[i] <= cdf[i - 1]) {
      return absl::InvalidArgumentError(
          absl::StrCat("CDF entry ", i, " is ", cdf[i], ", expected more than ",
                       cdf[i - 1]));
    }
  }
  return CompressAiTable({cdf.begin(), cdf.end()}, offset);
}

absl::Status CompressAiEncoder::Encode(std::span<const int32_t> symbols,
                                       std::span<const int32_t> table_index,
                                       std::span<const CompressAiTable> tables,
                                       std::vector<uint8_t>& string) {
  SLUICE_RETURN_IF_ERROR(CheckSizes(symbols.size(), table_index.size()));
  operations_.clear();
  operations_.reserve(symbols.size());
  for (size_t i = 0; i < symbols.size(); ++i) {
    const size_t index = table_index[i];  // Of a negative one, a huge one.
    if (index >= tables.size()) {
      return IndexError(i, table_index[i], tables.size());
    }
    const CompressAiTable& table = tables[index];
    const int64_t value = int64_t{symbols[i]} - table.offset();
    const int32_t num_symbols = table.num_symbols();
    if (value >= 0 && value < num_symbols) {
      PushSlot(table, value);
      continue;
    }
    const int64_t raw = value < 0 ? -2 * value - 1 : 2 * (value - num_symbols);
    if (raw > kMaxRaw) return DistanceError(i, symbols[i], table);
    PushSlot(table, num_symbols);
    PushEscape(static_cast<uint32_t>(raw));
  }
  WriteString(RunBackwards(), string);
  return absl::OkStatus();
}

void CompressAiEncoder::PushSlot(const CompressAiTable& table, size_t slot) {
  const uint32_t start = table.cdf()[slot];
  operations_.push_back({static_cast<uint16_t>(start),
                         static_cast<uint16_t>(table.cdf()[slot + 1] - start)});
}

void CompressAiEncoder::PushEscape(uint32_t raw) {
  const int num_nibbles = (std::bit_width(raw) + kNibbleBits - 1) / kNibbleBits;
  operations_.push_back({static_cast<uint16_t>(num_nibbles), 0});
  for (int i = 0; i < num_nibbles; ++i) {
    operations_.push_back(
        {static_cast<uint16_t>(raw >> (kNibbleBits * i) & 15), 0});
  }
}

uint64_t CompressAiEncoder::RunBackwards() {
  reversed_words_.clear();
  uint64_t state = kLowerBound;
  const auto renormalize = [&](uint64_t limit) {
    if (state < limit) return;
    reversed_words_.push_back(static_cast<uint32_t>(state));
    state >>= 32;
  };
  for (size_t i = operations_.size(); i-- > 0;) {
    const uint64_t start = operations_[i].start;
    const uint64_t freq = operations_[i].freq;
    if (freq == 0) {
      renormalize(kUpperBound >> kNibbleBits);
      state = state << kNibbleBits | start;
    } else {
      renormalize(freq * (kUpperBound >> kCompressAiPrecisionBits));
      state = (state / freq << kCompressAiPrecisionBits) + start + state % freq;
    }
  }
  return state;
}

void CompressAiEncoder::WriteString(uint64_t state,
                                    std::vector<uint8_t>& string) {
  reversed_words_.push_back(static_cast<uint32_t>(state >> 32));
  reversed_words_.push_back(static_cast<uint32_t>(state));
  string.resize(kWordBytes * reversed_words_.size());
  auto out = string.begin();
  for (size_t i = reversed_words_.size(); i-- > 0;) {
    for (size_t shift = 0; shift < 32; shift += 8) {
      *out++ = static_cast<uint8_t>(reversed_words_[i] >> shift);
    }
  }
}

absl::Status DecodeCompressAi(std::span<const uint8_t> string,
                              std::span<const int32_t> table_index,
                              std::span<const CompressAiTable> tables,
                              std::span<int32_t> symbols) {
  SLUICE_RETURN_IF_ERROR(CheckSizes(symbols.size(), table_index.size()));
  SLUICE_ASSIGN_OR_RETURN(Decoder decoder, Decoder::Create(string));
  for (size_t i = 0; i < symbols.size(); ++i) {
    const size_t index = table_index[i];  // Of a negative one, a huge one.
    if (index >= tables.size()) {
      return IndexError(i, table_index[i], tables.size());
    }
    const CompressAiTable& table = tables[index];
    const uint32_t code = decoder.code();
    const std::span<const uint32_t> cdf = table.cdf();
    const auto end =
        std::find_if(cdf.begin() + 1, cdf.end(),
                     [code](uint32_t entry) { return entry > code; });
    decoder.TakeSlot(*(end - 1), *end);
    const int32_t slot = static_cast<int32_t>(end - cdf.begin()) - 1;
    if (slot < table.num_symbols()) {
      symbols[i] = table.offset() + slot;
    } else {
      SLUICE_ASSIGN_OR_RETURN(symbols[i], TakeEscaped(table, decoder));
    }
  }
  return decoder.Finish();
}

}  // namespace sluice::codec
