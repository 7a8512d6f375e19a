// Symbols <-> payload: rANS over static integer CDFs with escapes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

// Symbols are [C,H,W], channel-major, each within +-kMaxSymbol; channel c uses
// channels[c].cdf. bitstream_format.md specifies every byte. InvalidArgument
// when sizes disagree or a symbol is out of range; ResourceExhausted when the
// payload would exceed kMaxPayloadBytes.
absl::StatusOr<std::vector<uint8_t>> EncodeSymbols(
    std::span<const int32_t> symbols, const LatentShape& shape,
    std::span<const ChannelTable> channels);

// The exact inverse. DataLoss unless the payload is one that EncodeSymbols can
// write for this shape: truncated, trailing bytes, a wrong final state, escapes
// left over or missing. Work and memory are bounded by the shape, which
// CheckLatentShape has to accept.
absl::StatusOr<std::vector<int32_t>> DecodeSymbols(
    std::span<const uint8_t> payload, const LatentShape& shape,
    std::span<const ChannelTable> channels);

}  // namespace sluice::codec
