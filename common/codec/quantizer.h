// Latent (float32) <-> symbols (int32), around per-channel medians.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

// s = clamp(rne(gain * y - median), +-kMaxSymbol) per channel; rne is
// round-half-to-even. `latent` is float32 [C,H,W]; so is the result, as int32.
// `channels` are CodecTables::rate(). InvalidArgument when the sizes disagree
// or a latent is NaN or infinite (the message names channel and position).
absl::StatusOr<std::vector<int32_t>> QuantizeLatent(
    std::span<const float> latent, const LatentShape& shape,
    std::span<const ChannelTable> channels);

// y_hat = (s + median) * inverse_gain, float32 [C,H,W]. InvalidArgument when
// the sizes disagree.
absl::StatusOr<std::vector<float>> DequantizeLatent(
    std::span<const int32_t> symbols, const LatentShape& shape,
    std::span<const ChannelTable> channels);

}  // namespace sluice::codec
