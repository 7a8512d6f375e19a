#include "common/codec/codec_tables.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"
#include "common/codec/symbol_bits.h"

namespace sluice::codec {
namespace {

constexpr uint32_t kCdfTotal = 1u << kCdfPrecisionBits;

absl::Status CheckCount(const char* name, int value, int limit) {
  if (value < 1 || value > limit) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected 1 to ", limit, " ", name, ", found ", value));
  }
  return absl::OkStatus();
}

absl::Status CheckConstants(const ChannelTable& table) {
  if (!std::isfinite(table.gain) || table.gain <= 0.0f) {
    return absl::InvalidArgumentError(
        absl::StrCat("gain ", table.gain, " is not finite and positive"));
  }
  if (!std::isfinite(table.inverse_gain) || table.inverse_gain <= 0.0f) {
    return absl::InvalidArgumentError(absl::StrCat(
        "inverse gain ", table.inverse_gain, " is not finite and positive"));
  }
  if (!std::isfinite(table.median)) {
    return absl::InvalidArgumentError(
        absl::StrCat("median ", table.median, " is not finite"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<QuantizedCdf> QuantizedCdf::Create(std::vector<uint32_t> cdf,
                                                  int32_t min_symbol) {
  constexpr size_t kMaxEntries = kMaxTableSymbols + 2;
  if (cdf.size() < 3 || cdf.size() > kMaxEntries) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected 3 to ", kMaxEntries, " CDF entries, found ", cdf.size()));
  }
  if (cdf.front() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("CDF entry 0 is ", cdf.front(), ", expected 0"));
  }
  for (size_t i = 1; i < cdf.size(); ++i) {
    if (cdf[i] <= cdf[i - 1]) {
      return absl::InvalidArgumentError(
          absl::StrCat("CDF entry ", i, " is ", cdf[i], ", expected more than ",
                       cdf[i - 1]));
    }
  }
  if (cdf.back() != kCdfTotal) {
    return absl::InvalidArgumentError(absl::StrCat("CDF entry ", cdf.size() - 1,
                                                   " is ", cdf.back(),
                                                   ", expected ", kCdfTotal));
  }
  const int64_t max_symbol =
      int64_t{min_symbol} + static_cast<int64_t>(cdf.size()) - 3;
  if (min_symbol < -kMaxSymbol || max_symbol > kMaxSymbol) {
    return absl::InvalidArgumentError(
        absl::StrCat("CDF covers symbols ", min_symbol, " to ", max_symbol,
                     ", expected within +-", kMaxSymbol));
  }
  return QuantizedCdf(std::move(cdf), min_symbol);
}

QuantizedCdf::QuantizedCdf(std::vector<uint32_t> cdf, int32_t min_symbol)
    : cdf_(std::move(cdf)), min_symbol_(min_symbol) {
  codes_.reserve(kCdfTotal);
  uint32_t entropy = 0;  // In 1/256 bit of a code.
  for (uint32_t slot = 0; slot + 1 < cdf_.size(); ++slot) {
    const uint32_t start = cdf_[slot];
    const uint32_t frequency = cdf_[slot + 1] - start;
    slots_.push_back(frequency | start << 12);
    for (uint32_t offset = 0; offset < frequency; ++offset) {
      codes_.push_back(frequency | offset << 12 | slot << 24);
    }
    entropy += frequency * SymbolBits(frequency, /*fraction_bits=*/8);
  }
  entropy_q8_ = entropy >> kCdfPrecisionBits;
}

absl::StatusOr<CodecTables> CodecTables::Create(
    int num_rates, int num_channels, std::vector<ChannelTable> tables) {
  SLUICE_RETURN_IF_ERROR(CheckCount("rates", num_rates, kMaxRates));
  SLUICE_RETURN_IF_ERROR(CheckCount("channels", num_channels, kMaxChannels));
  const size_t num_tables = static_cast<size_t>(num_rates) * num_channels;
  if (num_tables > kMaxTables) {
    return absl::InvalidArgumentError(
        absl::StrCat(num_rates, " rates of ", num_channels, " channels need ",
                     num_tables, " tables, expected at most ", kMaxTables));
  }
  if (tables.size() != num_tables) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", num_tables, " tables for ", num_rates, " rates of ",
        num_channels, " channels, found ", tables.size()));
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    if (absl::Status status = CheckConstants(tables[i]); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("rate ", i / num_channels, " channel ", i % num_channels,
                       ": ", status.message()));
    }
  }
  return CodecTables(num_rates, num_channels, std::move(tables));
}

std::span<const ChannelTable> CodecTables::rate(int rate) const {
  return std::span(tables_).subspan(static_cast<size_t>(rate) * num_channels_,
                                    num_channels_);
}

}  // namespace sluice::codec
