#include "common/codec/known_answer.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/byte_io.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "common/codec/entropy_coder.h"
#include "common/codec/frame.h"
#include "common/codec/latent_shape.h"
#include "common/codec/limits.h"

namespace sluice::codec {
namespace {

constexpr int kMinSide = 8;
constexpr int kEscapesPerChannel = 15;  // Distances of 1 to 15 bits.

// Numerical Recipes' linear congruential generator; integers only.
class Lcg {
 public:
  // 0 .. bound - 1, of the upper bits: the lower ones have short periods.
  uint32_t Below(uint32_t bound) {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) % bound;
  }

 private:
  uint32_t state_ = 1;
};

// The smallest square with room for every slot of the largest table and the
// escapes.
LatentShape ShapeFor(std::span<const ChannelTable> channels) {
  int num_positions = 0;
  for (const ChannelTable& channel : channels) {
    num_positions =
        std::max(num_positions, channel.cdf.num_symbols() + kEscapesPerChannel);
  }
  int side = kMinSide;
  while (side * side < num_positions) ++side;
  return {static_cast<int>(channels.size()), side, side};
}

// A symbol outside the table, less than 2^num_bits away from it where the range
// of symbols allows.
int32_t EscapingSymbol(const QuantizedCdf& cdf, int num_bits, Lcg& random) {
  const int32_t distance = static_cast<int32_t>(
      (1u << (num_bits - 1)) + random.Below(1u << (num_bits - 1)));
  const int32_t last = cdf.min_symbol() + cdf.num_symbols() - 1;
  const bool has_room_above = last < kMaxSymbol;
  const bool has_room_below = cdf.min_symbol() > -kMaxSymbol;
  if (has_room_above && (random.Below(2) == 0 || !has_room_below)) {
    return std::min(last + distance, kMaxSymbol);
  }
  return std::max(cdf.min_symbol() - distance, -kMaxSymbol);
}

// [C,H,W]: first each slot once, then escapes of each distance, then anything;
// every channel starts at another place, so that lanes meet different slots.
std::vector<int32_t> MakeSymbols(const LatentShape& shape,
                                 std::span<const ChannelTable> channels) {
  Lcg random;
  std::vector<int32_t> symbols(shape.num_elements());
  const size_t num_positions = shape.num_positions();
  for (size_t c = 0; c < channels.size(); ++c) {
    const QuantizedCdf& cdf = channels[c].cdf;
    const auto num_symbols = static_cast<uint32_t>(cdf.num_symbols());
    for (size_t i = 0; i < num_positions; ++i) {
      int32_t& symbol =
          symbols[c * num_positions + (i + 7 * c) % num_positions];
      if (i < num_symbols) {
        symbol = cdf.min_symbol() + static_cast<int32_t>(i);
      } else if (i < num_symbols + kEscapesPerChannel) {
        symbol =
            EscapingSymbol(cdf, static_cast<int>(i - num_symbols) + 1, random);
      } else {
        symbol =
            cdf.min_symbol() + static_cast<int32_t>(random.Below(num_symbols));
      }
    }
  }
  return symbols;
}

uint32_t SymbolsCrc(std::span<const int32_t> symbols) {
  base::ByteWriter writer;
  for (const int32_t symbol : symbols) {
    writer.WriteU32(static_cast<uint32_t>(symbol));
  }
  return base::Crc32c(writer.bytes());
}

absl::StatusOr<std::vector<uint8_t>> EncodeKnownFrame(
    std::span<const int32_t> symbols, const LatentShape& shape,
    const FrameHeader& header, const CodecTables& tables) {
  CoderScratch scratch;
  std::vector<uint8_t> payload;
  SLUICE_RETURN_IF_ERROR(EncodeSymbols(symbols, shape, tables.rate(header.rate),
                                       header.num_lanes, scratch, payload));
  std::vector<uint8_t> frame;
  SLUICE_RETURN_IF_ERROR(WriteFrame({header, payload}, frame));
  return frame;
}

absl::Status Differs(const std::string& what) {
  return absl::FailedPreconditionError(
      absl::StrCat("the codec's known answer: ", what));
}

}  // namespace

absl::StatusOr<KnownAnswer> MakeKnownAnswer(const CodecTables& tables,
                                            uint32_t codec_short_id) {
  const int rate = tables.num_rates() - 1;
  const std::span<const ChannelTable> channels = tables.rate(rate);
  const LatentShape shape = ShapeFor(channels);
  const std::vector<int32_t> symbols = MakeSymbols(shape, channels);
  const FrameHeader header = {.codec_short_id = codec_short_id,
                              .rate = rate,
                              .latent_height = shape.height,
                              .latent_width = shape.width,
                              .num_lanes = NumLanesFor(shape, channels)};
  KnownAnswer answer;
  SLUICE_ASSIGN_OR_RETURN(answer.frame,
                          EncodeKnownFrame(symbols, shape, header, tables));
  answer.symbols_crc32c = SymbolsCrc(symbols);
  return answer;
}

absl::Status CheckKnownAnswer(std::span<const uint8_t> frame,
                              uint32_t symbols_crc32c,
                              const CodecTables& tables,
                              uint32_t codec_short_id) {
  const absl::StatusOr<Frame> read = ReadFrame(frame);
  if (!read.ok()) return Differs(std::string(read.status().message()));
  const FrameHeader& header = read->header;
  if (header.codec_short_id != codec_short_id) {
    return Differs(absl::StrFormat("expected codec id %08x, found %08x",
                                   codec_short_id, header.codec_short_id));
  }
  if (header.rate >= tables.num_rates()) {
    return Differs(absl::StrCat("expected a rate below ", tables.num_rates(),
                                ", found ", header.rate));
  }
  const LatentShape shape = {tables.num_channels(), header.latent_height,
                             header.latent_width};
  CoderScratch scratch;
  std::vector<int32_t> symbols;
  const absl::Status decoded =
      DecodeSymbols(read->payload, shape, tables.rate(header.rate),
                    header.num_lanes, scratch, symbols);
  if (!decoded.ok()) return Differs(std::string(decoded.message()));
  const uint32_t crc = SymbolsCrc(symbols);
  if (crc != symbols_crc32c) {
    return Differs(absl::StrFormat("expected symbols with CRC %08x, found %08x",
                                   symbols_crc32c, crc));
  }
  const absl::StatusOr<std::vector<uint8_t>> again =
      EncodeKnownFrame(symbols, shape, header, tables);
  if (!again.ok()) return Differs(std::string(again.status().message()));
  if (!std::equal(again->begin(), again->end(), frame.begin(), frame.end())) {
    return Differs(
        absl::StrCat("its symbols encode to other bytes: ", again->size(),
                     " of them, expected the ", frame.size(), " of the frame"));
  }
  return absl::OkStatus();
}

}  // namespace sluice::codec
