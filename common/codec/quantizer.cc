#include "common/codec/quantizer.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

// This file is compiled with -ffp-contract=off: every product and every sum
// rounds to float32 by itself, on every machine.

namespace sluice::codec {
namespace {

int32_t QuantizeOne(float y, const ChannelTable& table) {
  constexpr float kLimit = static_cast<float>(kMaxSymbol);
  const float scaled = table.gain * y - table.median;
  // nearbyint rounds half to even in the default rounding mode.
  return static_cast<int32_t>(
      std::nearbyint(std::clamp(scaled, -kLimit, kLimit)));
}

}  // namespace

absl::StatusOr<std::vector<int32_t>> QuantizeLatent(
    std::span<const float> latent, const LatentShape& shape,
    std::span<const ChannelTable> channels) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, latent.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  std::vector<int32_t> symbols;
  symbols.reserve(latent.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    for (size_t position = 0; position < num_positions; ++position) {
      const float y = latent[c * num_positions + position];
      if (!std::isfinite(y)) {
        return absl::InvalidArgumentError(
            absl::StrCat("latent channel ", c, " position ", position, " is ",
                         y, ", expected a finite value"));
      }
      symbols.push_back(QuantizeOne(y, channels[c]));
    }
  }
  return symbols;
}

absl::StatusOr<std::vector<float>> DequantizeLatent(
    std::span<const int32_t> symbols, const LatentShape& shape,
    std::span<const ChannelTable> channels) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, symbols.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  std::vector<float> y_hat;
  y_hat.reserve(symbols.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    const ChannelTable& table = channels[c];
    for (const int32_t s : symbols.subspan(c * num_positions, num_positions)) {
      y_hat.push_back((static_cast<float>(s) + table.median) *
                      table.inverse_gain);
    }
  }
  return y_hat;
}

}  // namespace sluice::codec
