// Symbols <-> strings of CompressAI's "ans" coder, for models and measurements
// that come from there. Our own format is entropy_coder.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::codec {

inline constexpr int kCompressAiPrecisionBits = 16;
inline constexpr size_t kMaxCompressAiSymbols = 1u << 22;  // Of one string.
inline constexpr int32_t kMaxCompressAiOffset = 1 << 30;   // In magnitude.
// How far a symbol may lie outside of its table. Beyond it CompressAI's own
// encoder shifts by 32 bits of 32, which C++ leaves undefined.
inline constexpr int32_t kMaxCompressAiDistance = 1 << 27;

// One table of a CompressAI entropy model. Slot k < num_symbols() stands for
// symbol offset() + k and is drawn with probability (cdf[k+1] - cdf[k]) / 2^16;
// one more slot, the last, is the escape. Immutable, so safe to share between
// threads.
class CompressAiTable {
 public:
  // A row of the model's `_quantized_cdf` and its entries of `_cdf_length` and
  // `_offset`. What follows the first `cdf_length` entries of the row is
  // padding and not looked at. InvalidArgument naming the value unless there
  // are at least 3 entries, from 0 to 2^16 and strictly increasing, and the
  // offset is within +-kMaxCompressAiOffset.
  static absl::StatusOr<CompressAiTable> Create(
      std::span<const int32_t> quantized_cdf, int32_t cdf_length,
      int32_t offset);

  std::span<const uint32_t> cdf() const { return cdf_; }
  int32_t offset() const { return offset_; }
  int32_t num_symbols() const { return static_cast<int32_t>(cdf_.size()) - 2; }

 private:
  CompressAiTable(std::vector<uint32_t> cdf, int32_t offset)
      : cdf_(std::move(cdf)), offset_(offset) {}

  std::vector<uint32_t> cdf_;
  int32_t offset_;
};

// Writes strings byte for byte as CompressAI does, on any machine. Keeps its
// working memory from one call to the next: 4 bytes per symbol, but up to 80
// where every symbol escapes.
class CompressAiEncoder {
 public:
  // symbols[i] is coded with tables[table_index[i]]. Replaces the contents of
  // `string`, which are unspecified after an error. InvalidArgument with the
  // value when the sizes disagree, an index names no table or a symbol is more
  // than kMaxCompressAiDistance outside of its table; ResourceExhausted beyond
  // kMaxCompressAiSymbols.
  absl::Status Encode(std::span<const int32_t> symbols,
                      std::span<const int32_t> table_index,
                      std::span<const CompressAiTable> tables,
                      std::vector<uint8_t>& string);

 private:
  // A step of the state: a slot [start, start + freq), or for freq 0 the four
  // bits in `start`.
  struct Operation {
    uint16_t start;
    uint16_t freq;
  };

  void PushSlot(const CompressAiTable& table, size_t slot);
  void PushEscape(uint32_t raw);
  uint64_t RunBackwards();  // Returns the final state.
  void WriteString(uint64_t state, std::vector<uint8_t>& string);

  std::vector<Operation> operations_;     // In the decoder's order.
  std::vector<uint32_t> reversed_words_;  // Last word of the string first.
};

// The inverse; `symbols` has the size of `table_index`, and nothing is
// allocated. Errors for the sizes and indexes as Encode's. DataLoss unless the
// string is one that Encode writes: truncated, trailing words, a wrong initial
// or final state, an escape that is longer than 7 nibbles or than it need be.
// Work is bounded by the number of symbols, whatever the bytes. A string has no
// checksum: a damaged one may well decode to other symbols. After an error the
// contents of `symbols` are unspecified.
absl::Status DecodeCompressAi(std::span<const uint8_t> string,
                              std::span<const int32_t> table_index,
                              std::span<const CompressAiTable> tables,
                              std::span<int32_t> symbols);

}  // namespace sluice::codec
