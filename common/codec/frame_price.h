// What a frame costs at most, known from the tables before it is coded.
//
// A symbol of frequency f costs log2(4096 / f) bits. Let x be a lane's state,
// and V = log2(x + 4096). Coding a symbol gives x' <= (4096 / f) x + start with
// start <= 4096 - f, and (4096 - f)^2 >= 0, so V grows by those bits at most. A
// symbol that first makes the lane spill a word has x >= 2^20 f: V shrinks by
// 16, and grows by at most log2(9 / 8) more than without, for
//   x' + 4096 <= (4096 / f) (x / 2^16) + 8191,  where  (4096 / f) (x / 2^16)
// is 2^16 or more. A lane ends no lower than it begins, at x = 2^16; hence
//   words of a lane <= floor(bits of its symbols / (16 - log2(9 / 8))).
// All the rest of a frame is counted: header, states, escapes.
//
// What the states really lose evens out, so that in practice a price is too
// high by those log2(9 / 8) of 16 bits, 1.06 %: 15 bytes of 1,432 and 38 of
// 3,568 for symbols drawn from the zoo codec's tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/codec/entropy_coder.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

// EncodeFrame's frame of these symbols has no more bytes than this. Symbols and
// channels as for EncodeSymbols; integer arithmetic, hence the same on every
// machine. Uses scratch.escapes and scratch.payload. Errors are EncodeSymbols',
// but for a payload over its limit.
absl::StatusOr<size_t> PriceFrame(std::span<const int32_t> symbols,
                                  const LatentShape& shape,
                                  std::span<const ChannelTable> channels,
                                  CoderScratch& scratch);

// EncodeFrame at the highest rate, of 0 to `max_rate`, whose frame has at most
// `max_bytes`; returns that rate. Prices rates from the highest down, one after
// another, since sizes need not rise with rates, and codes the first that fits.
// One that is priced above `max_bytes` by no more than prices are above sizes
// is coded, too, to see. ResourceExhausted with the lowest price and its rate
// when none fits; other errors are EncodeFrame's. Replaces `frame`, whose
// contents are unspecified after an error.
absl::StatusOr<int> EncodeFrameWithin(
    size_t max_bytes, std::span<const float> latent, const LatentShape& shape,
    const CodecTables& tables, uint32_t codec_short_id, int max_rate,
    CoderScratch& scratch, std::vector<uint8_t>& frame);

}  // namespace sluice::codec
