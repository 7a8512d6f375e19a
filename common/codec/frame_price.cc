#include "common/codec/frame_price.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/escape_section.h"
#include "common/codec/frame.h"
#include "common/codec/lane_coder_scalar.h"
#include "common/codec/limits.h"
#include "common/codec/quantizer.h"
#include "common/codec/rans_step.h"
#include "common/codec/symbol_bits.h"

namespace sluice::codec {
namespace {

// Bits are in 2^-16 bit here.
constexpr int kFractionBits = 16;
// 16 - log2(9 / 8), rounded down: log2(9 / 8) is 11136.2 / 2^16.
constexpr uint64_t kLeastBitsPerWord = (kWordBits << kFractionBits) - 11137;
constexpr size_t kMaxFrameBytes = kFrameHeaderBytes + kMaxPayloadBytes;
// A price is too high by one in so many bytes, at most, or hardly ever more.
constexpr size_t kPricePerGap = 64;

using BitsByFrequency = std::array<uint32_t, 1u << kCdfPrecisionBits>;
using LaneBits = std::array<uint64_t, kMaxLanes>;

const BitsByFrequency& SymbolBitsByFrequency() {
  static const BitsByFrequency bits_by_frequency = [] {
    BitsByFrequency bits = {};  // No slot has a frequency of 0.
    for (uint32_t frequency = 1; frequency < bits.size(); ++frequency) {
      bits[frequency] = SymbolBits(frequency, kFractionBits);
    }
    return bits;
  }();
  return bits_by_frequency;
}

// Adds the bits of a channel's symbols to their lanes, as if there were
// kMaxLanes: all other numbers of lanes divide it.
void AddSymbolBits(const QuantizedCdf& cdf, std::span<const int32_t> symbols,
                   LaneBits& lane_bits) {
  const BitsByFrequency& bits_by_frequency = SymbolBitsByFrequency();
  std::array<uint32_t, kMaxTableSymbols + 1> bits_by_slot;
  std::transform(cdf.slots().begin(), cdf.slots().end(), bits_by_slot.begin(),
                 [&bits_by_frequency](uint32_t entry) {
                   return bits_by_frequency[entry & kFieldMask];
                 });
  const LaneTable table(cdf);
  for (size_t i = 0; i < symbols.size(); ++i) {
    lane_bits[i % kMaxLanes] += bits_by_slot[SlotOf(table, symbols[i])];
  }
}

size_t MostWords(const LaneBits& lane_bits, int num_lanes) {
  size_t num_words = 0;
  for (int lane = 0; lane < num_lanes; ++lane) {
    uint64_t bits = 0;
    for (int i = lane; i < kMaxLanes; i += num_lanes) bits += lane_bits[i];
    num_words += bits / kLeastBitsPerWord;
  }
  return num_words;
}

absl::Status CheckRate(int rate, const CodecTables& tables) {
  if (rate >= 0 && rate < tables.num_rates()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("highest rate ", rate, " is outside the codec's 0 to ",
                   tables.num_rates() - 1));
}

}  // namespace

absl::StatusOr<size_t> PriceFrame(std::span<const int32_t> symbols,
                                  const LatentShape& shape,
                                  std::span<const ChannelTable> channels,
                                  CoderScratch& scratch) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, symbols.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  scratch.escapes.clear();
  LaneBits lane_bits = {};
  for (size_t c = 0; c < channels.size(); ++c) {
    const QuantizedCdf& cdf = channels[c].cdf;
    const auto channel = symbols.subspan(c * num_positions, num_positions);
    SLUICE_RETURN_IF_ERROR(AppendEscapes(channel, cdf, scratch.escapes));
    AddSymbolBits(cdf, channel, lane_bits);
  }
  scratch.payload.clear();
  AppendVarint(static_cast<uint32_t>(scratch.escapes.size()), scratch.payload);
  const int num_lanes = NumLanesFor(shape, channels);
  return kFrameHeaderBytes + scratch.payload.size() + scratch.escapes.size() +
         sizeof(uint32_t) * num_lanes + 2 * MostWords(lane_bits, num_lanes);
}

absl::StatusOr<int> EncodeFrameWithin(
    size_t max_bytes, std::span<const float> latent, const LatentShape& shape,
    const CodecTables& tables, uint32_t codec_short_id, int max_rate,
    CoderScratch& scratch, std::vector<uint8_t>& frame) {
  SLUICE_RETURN_IF_ERROR(CheckRate(max_rate, tables));
  const size_t limit_bytes = std::min(max_bytes, kMaxFrameBytes);
  size_t lowest_price = SIZE_MAX;
  int cheapest_rate = 0;
  for (int rate = max_rate; rate >= 0; --rate) {
    SLUICE_RETURN_IF_ERROR(
        QuantizeLatent(latent, shape, tables.rate(rate), scratch.symbols));
    SLUICE_ASSIGN_OR_RETURN(
        const size_t price,
        PriceFrame(scratch.symbols, shape, tables.rate(rate), scratch));
    if (price <= lowest_price) {
      lowest_price = price;
      cheapest_rate = rate;
    }
    if (price > kMaxFrameBytes) continue;
    if (price - price / kPricePerGap > limit_bytes) continue;
    SLUICE_RETURN_IF_ERROR(EncodeFrame(latent, shape, tables, codec_short_id,
                                       rate, scratch, frame));
    if (frame.size() <= limit_bytes) return rate;
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "no frame fits into ", limit_bytes, " bytes: the smallest, at rate ",
      cheapest_rate, ", takes up to ", lowest_price));
}

}  // namespace sluice::codec
