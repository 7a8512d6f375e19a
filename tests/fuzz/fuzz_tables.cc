#include "tests/fuzz/fuzz_tables.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/codec/limits.h"
#include "tests/fuzz/fuzz_check.h"

namespace sluice::fuzz {
namespace {

using ::sluice::codec::ChannelTable;
using ::sluice::codec::QuantizedCdf;

constexpr uint32_t kCdfTotal = 1u << codec::kCdfPrecisionBits;

}  // namespace

// Every slot has one code; the others are dealt out by a few weights, over and
// over, and what rounding leaves goes to one slot.
std::vector<uint32_t> TakeCdf(FuzzInput& input, uint32_t total) {
  const size_t num_slots = input.TakeBetween(1, codec::kMaxTableSymbols) + 1;
  const size_t favourite = input.TakeU8() % num_slots;
  const size_t num_weights = input.TakeBetween(1, 16);
  std::vector<uint64_t> weights;
  uint64_t sum = 0;
  for (size_t i = 0; i < num_slots; ++i) {
    const uint64_t root =
        i < num_weights ? input.TakeU8() : weights[i % num_weights];
    weights.push_back(i < num_weights ? root * root : root);
    sum += weights.back();
  }
  const uint64_t to_deal = total - num_slots;
  std::vector<uint32_t> frequencies;
  uint64_t rest = to_deal;
  for (const uint64_t weight : weights) {
    const uint64_t share = to_deal * weight / std::max<uint64_t>(sum, 1);
    frequencies.push_back(static_cast<uint32_t>(1 + share));
    rest -= share;
  }
  frequencies[favourite] += static_cast<uint32_t>(rest);
  std::vector<uint32_t> cdf = {0};
  for (const uint32_t frequency : frequencies) {
    cdf.push_back(cdf.back() + frequency);
  }
  return cdf;
}

ChannelTable TakeTable(FuzzInput& input) {
  std::vector<uint32_t> cdf = TakeCdf(input, kCdfTotal);
  const int num_symbols = static_cast<int>(cdf.size()) - 2;
  const int min_symbol =
      std::clamp<int>(static_cast<int16_t>(input.TakeU16()), -codec::kMaxSymbol,
                      codec::kMaxSymbol - num_symbols + 1);
  const int exponent = static_cast<int8_t>(input.TakeU8()) / 8;
  const float gain =
      std::ldexp(1.0f + static_cast<float>(input.TakeU8()) / 256.0f, exponent);
  const float median = static_cast<float>(static_cast<int8_t>(input.TakeU8()));
  auto quantized = QuantizedCdf::Create(std::move(cdf), min_symbol);
  CheckOk(quantized.status(), "a valid table");
  return {gain, 1.0f / gain, median / 64.0f, *std::move(quantized)};
}

std::vector<ChannelTable> TakeTables(FuzzInput& input, int max_channels) {
  const int num_channels = input.TakeBetween(1, max_channels);
  std::vector<ChannelTable> tables;
  for (int c = 0; c < num_channels; ++c) tables.push_back(TakeTable(input));
  return tables;
}

std::vector<int32_t> DrawSymbols(std::span<const uint8_t> draws,
                                 const codec::LatentShape& shape,
                                 std::span<const ChannelTable> channels) {
  const size_t num_positions = shape.num_positions();
  std::vector<int32_t> symbols(shape.num_elements());
  for (uint32_t i = 0; i < symbols.size(); ++i) {
    const QuantizedCdf& cdf = channels[i / num_positions].cdf;
    const uint32_t draw = draws.empty() ? 0 : draws[i % draws.size()];
    const uint32_t code = (draw * 16 + i * 7) % kCdfTotal;
    const int slot = static_cast<int>(cdf.codes()[code] >> 24);
    const int anywhere = static_cast<int>((draw * 257 + i * 31) % 65535);
    symbols[i] = slot == cdf.escape_slot() ? anywhere - codec::kMaxSymbol
                                           : cdf.min_symbol() + slot;
  }
  return symbols;
}

}  // namespace sluice::fuzz
