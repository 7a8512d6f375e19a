// The integer tables and per-channel constants that a codec's two sides share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::codec {

inline constexpr int kCdfPrecisionBits = 16;

// A validated cumulative distribution over consecutive integer symbols plus a
// last slot for the escape symbol. Slot k < num_symbols() stands for symbol
// min_symbol() + k and is drawn with probability
// (cdf[k+1] - cdf[k]) / 2^kCdfPrecisionBits.
// Immutable, so safe to share between threads.
class QuantizedCdf {
 public:
  // `cdf` has one entry more than slots (the escape slot included): it starts
  // at 0, ends at 2^kCdfPrecisionBits and increases strictly; at least one
  // symbol, at most 2 * kMaxSymbol + 1, all within +-kMaxSymbol. Otherwise
  // InvalidArgument naming the entry.
  static absl::StatusOr<QuantizedCdf> Create(std::vector<uint32_t> cdf,
                                             int32_t min_symbol);

  std::span<const uint32_t> cdf() const { return cdf_; }
  int32_t min_symbol() const { return min_symbol_; }
  int num_symbols() const { return static_cast<int>(cdf_.size()) - 2; }
  int escape_slot() const { return num_symbols(); }

 private:
  QuantizedCdf(std::vector<uint32_t> cdf, int32_t min_symbol)
      : cdf_(std::move(cdf)), min_symbol_(min_symbol) {}

  std::vector<uint32_t> cdf_;
  int32_t min_symbol_;
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
  // `tables` holds num_rates rows of num_channels, rate-major. Gains are finite
  // and positive, medians finite; otherwise InvalidArgument naming the entry.
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
