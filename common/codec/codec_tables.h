// The integer tables and per-channel constants that a codec's two sides share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::codec {

// Of every probability. More bits would cost the decoder's tables their place
// in the first-level cache; 12 lose 0.10 % of the payload at the zoo codec's
// lowest rate and 0.13 % at its highest, 14 lose 0.02 %, 16 lose 0.01 % (real
// latents, against the unquantized fit).
inline constexpr int kCdfPrecisionBits = 12;

// A validated cumulative distribution over consecutive integer symbols plus a
// last slot for the escape symbol. Slot k < num_symbols() stands for symbol
// min_symbol() + k and is drawn with probability
// (cdf[k+1] - cdf[k]) / 2^kCdfPrecisionBits.
// Immutable, so safe to share between threads.
class QuantizedCdf {
 public:
  // `cdf` has one entry more than slots (the escape slot included): it starts
  // at 0, ends at 2^kCdfPrecisionBits and increases strictly; 1 to
  // kMaxTableSymbols symbols, all within +-kMaxSymbol. Otherwise
  // InvalidArgument naming the entry.
  static absl::StatusOr<QuantizedCdf> Create(std::vector<uint32_t> cdf,
                                             int32_t min_symbol);

  std::span<const uint32_t> cdf() const { return cdf_; }
  int32_t min_symbol() const { return min_symbol_; }
  int num_symbols() const { return static_cast<int>(cdf_.size()) - 2; }
  int escape_slot() const { return num_symbols(); }

  // By slot: frequency | start << 12. What an encoder looks up.
  std::span<const uint32_t> slots() const { return slots_; }
  // By code, 2^kCdfPrecisionBits of them, of the slot that holds the code:
  // frequency | (code - start) << 12 | slot << 24. What a decoder looks up.
  std::span<const uint32_t> codes() const { return codes_; }
  // Expected bits of a symbol that follows the distribution, in 1/256 bit;
  // integer arithmetic, hence the same on every machine.
  uint32_t entropy_q8() const { return entropy_q8_; }

 private:
  QuantizedCdf(std::vector<uint32_t> cdf, int32_t min_symbol);

  std::vector<uint32_t> cdf_;
  int32_t min_symbol_;
  std::vector<uint32_t> slots_;
  std::vector<uint32_t> codes_;
  uint32_t entropy_q8_ = 0;
};

// What one channel needs at one rate (DESIGN section 8):
//   s = clamp(rne(gain * y - median)),  y_hat = (s + median) * inverse_gain.
struct ChannelTable {
  float gain;
  float inverse_gain;
  float median;
  QuantizedCdf cdf;
};

// All tables of a codec, indexed by rate and channel. Immutable after Create.
class CodecTables {
 public:
  // `tables` holds num_rates rows of num_channels, rate-major, kMaxTables at
  // most. Gains are finite and positive, medians finite; otherwise
  // InvalidArgument naming the entry.
  static absl::StatusOr<CodecTables> Create(int num_rates, int num_channels,
                                            std::vector<ChannelTable> tables);

  int num_rates() const { return num_rates_; }
  int num_channels() const { return num_channels_; }
  // The num_channels() tables of one rate. REQUIRES: 0 <= rate < num_rates().
  std::span<const ChannelTable> rate(int rate) const;

 private:
  CodecTables(int num_rates, int num_channels, std::vector<ChannelTable> tables)
      : num_rates_(num_rates),
        num_channels_(num_channels),
        tables_(std::move(tables)) {}

  int num_rates_;
  int num_channels_;
  std::vector<ChannelTable> tables_;
};

}  // namespace sluice::codec
