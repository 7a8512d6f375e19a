// Symbols <-> payload: interleaved rANS over static integer CDFs with escapes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "common/codec/codec_tables.h"
#include "common/codec/lane_coder.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

// What the coders need besides their arguments. Kept between calls, it saves
// them every allocation once it has grown to the largest latent; contents are
// of no interest. One thread at a time.
struct CoderScratch {
  std::vector<uint8_t> words;
  std::vector<uint8_t> escapes;
  std::vector<int32_t> symbols;  // For EncodeFrame and DecodeFrame, as is
  std::vector<uint8_t> payload;  // this.
};

// Lanes for a latent that follows its tables: more of them code faster, and
// each costs about 3 bytes. 1, 4, 8, 16 or 32 from 0, 1024, 4096, 8192 and
// 16384 expected bytes on: their states then stay within 0.5 % of the payload
// and 16 bytes, the tables' own loss included.
int NumLanesFor(const LatentShape& shape,
                std::span<const ChannelTable> channels);

// Symbols are [C,H,W], channel-major, each within +-kMaxSymbol; channel c uses
// channels[c].cdf. bitstream_format.md specifies every byte. Replaces
// `payload`. REQUIRES: num_lanes is a power of two up to kMaxLanes.
// InvalidArgument when sizes disagree or a symbol is out of range;
// ResourceExhausted when the payload would exceed kMaxPayloadBytes.
absl::Status EncodeSymbols(std::span<const int32_t> symbols,
                           const LatentShape& shape,
                           std::span<const ChannelTable> channels,
                           int num_lanes, CoderScratch& scratch,
                           std::vector<uint8_t>& payload,
                           const LanePath& path = BestLanePath());

// The exact inverse. Replaces `symbols`. DataLoss unless the payload is one
// that EncodeSymbols can write for this shape: truncated, trailing bytes, a
// wrong final state, escapes left over or missing. Work and memory are bounded
// by the shape, which CheckLatentShape has to accept, and the payload's size.
absl::Status DecodeSymbols(std::span<const uint8_t> payload,
                           const LatentShape& shape,
                           std::span<const ChannelTable> channels,
                           int num_lanes, CoderScratch& scratch,
                           std::vector<int32_t>& symbols,
                           const LanePath& path = BestLanePath());

}  // namespace sluice::codec
