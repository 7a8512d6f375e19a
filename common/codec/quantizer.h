// Latent (float32) <-> symbols (int32), around per-channel medians.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "common/codec/codec_tables.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

// s = clamp(rne(gain * y - median), +-kMaxSymbol) per channel; rne is
// round-half-to-even. `latent` is float32 [C,H,W]; so is the result, as int32,
// which replaces `symbols`. `channels` are CodecTables::rate(). InvalidArgument
// when the sizes disagree or a latent is NaN or infinite (the message names
// channel and position).
absl::Status QuantizeLatent(std::span<const float> latent,
                            const LatentShape& shape,
                            std::span<const ChannelTable> channels,
                            std::vector<int32_t>& symbols);

// y_hat = (s + median) * inverse_gain, float32 [C,H,W], replaces `y_hat`.
// InvalidArgument when the sizes disagree.
absl::Status DequantizeLatent(std::span<const int32_t> symbols,
                              const LatentShape& shape,
                              std::span<const ChannelTable> channels,
                              std::vector<float>& y_hat);

}  // namespace sluice::codec
