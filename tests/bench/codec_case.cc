#include "tests/bench/codec_case.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "common/base/status_macros.h"
#include "common/codec/rans_step.h"

namespace sluice::codec {
namespace {

constexpr uint32_t kCdfTotal = 1u << kCdfPrecisionBits;

absl::StatusOr<QuantizedCdf> LaplacianCdf(double scale) {
  const int reach = std::max(2, static_cast<int>(8 * scale));
  const int num_slots = 2 * reach + 2;
  double sum = 0;
  for (int symbol = -reach; symbol <= reach; ++symbol) {
    sum += std::exp(-std::abs(symbol) / scale);
  }
  // Every slot has a frequency of 1 at least, the escape's that one only; what
  // is left over goes to zero, the largest.
  std::vector<uint32_t> frequencies;
  uint32_t left = kCdfTotal - num_slots;
  for (int symbol = -reach; symbol <= reach; ++symbol) {
    const double share = std::exp(-std::abs(symbol) / scale) / sum;
    const auto extra = static_cast<uint32_t>(share * (kCdfTotal - num_slots));
    frequencies.push_back(1 + extra);
    left -= extra;
  }
  frequencies[reach] += left;
  frequencies.push_back(1);
  std::vector<uint32_t> cdf = {0};
  for (const uint32_t frequency : frequencies) {
    cdf.push_back(cdf.back() + frequency);
  }
  return QuantizedCdf::Create(std::move(cdf), -reach);
}

absl::StatusOr<CompressAiTable> CompressAiTableOf(const QuantizedCdf& cdf) {
  std::vector<int32_t> entries;
  for (const uint32_t entry : cdf.cdf()) {
    entries.push_back(static_cast<int32_t>(
        entry << (kCompressAiPrecisionBits - kCdfPrecisionBits)));
  }
  return CompressAiTable::Create(entries, static_cast<int32_t>(entries.size()),
                                 cdf.min_symbol());
}

void DrawChannel(const QuantizedCdf& cdf, size_t num_symbols,
                 std::mt19937& random, CodecCase& result) {
  while (num_symbols > 0) {
    const uint32_t entry = cdf.codes()[random() % kCdfTotal];
    const int slot = static_cast<int>(entry >> kThirdField);
    if (slot == cdf.escape_slot()) continue;
    result.symbols.push_back(cdf.min_symbol() + slot);
    const double frequency = entry & kFieldMask;
    result.entropy_bytes += (kCdfPrecisionBits - std::log2(frequency)) / 8;
    --num_symbols;
  }
}

}  // namespace

absl::StatusOr<std::vector<ChannelTable>> LaplacianTables(int num_channels,
                                                          double scale,
                                                          double step) {
  std::vector<ChannelTable> tables;
  for (int c = 0; c < num_channels; ++c) {
    SLUICE_ASSIGN_OR_RETURN(QuantizedCdf cdf, LaplacianCdf(scale + c * step));
    tables.push_back({.gain = 1.0f,
                      .inverse_gain = 1.0f,
                      .median = 0.0f,
                      .cdf = std::move(cdf)});
  }
  return tables;
}

absl::StatusOr<CodecCase> DrawCase(std::string name, const LatentShape& shape,
                                   std::span<const ChannelTable> channels) {
  SLUICE_RETURN_IF_ERROR(CheckLatentShape(shape));
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, shape.num_elements(), channels.size()));
  CodecCase result;
  result.name = std::move(name);
  result.shape = shape;
  result.channels.assign(channels.begin(), channels.end());
  std::mt19937 random(1);
  for (int c = 0; c < shape.channels; ++c) {
    DrawChannel(channels[c].cdf, shape.num_positions(), random, result);
    SLUICE_ASSIGN_OR_RETURN(CompressAiTable table,
                            CompressAiTableOf(channels[c].cdf));
    result.compressai_tables.push_back(std::move(table));
    result.compressai_index.insert(result.compressai_index.end(),
                                   shape.num_positions(), c);
  }
  return result;
}

}  // namespace sluice::codec
