#include "common/codec/quantizer.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"

// This file is compiled with -ffp-contract=off: every product and every sum
// rounds to float32 by itself, on every machine.

namespace sluice::codec {
namespace {

// Rounds half to even, in the default rounding mode, what is within 2^22: the
// sum has no bits left for a fraction. Unlike nearbyint it needs no instruction
// that the oldest x86-64 lacks, so that vectors do it everywhere.
float RoundHalfToEven(float value) {
  constexpr float kShifter = 12582912.0f;  // 1.5 * 2^23.
  return (value + kShifter) - kShifter;
}

// By the exponent's bits: without a branch.
bool IsFinite(float value) {
  constexpr uint32_t kExponent = 0x7f800000;
  return (std::bit_cast<uint32_t>(value) & kExponent) != kExponent;
}

int32_t QuantizeOne(float y, const ChannelTable& table) {
  constexpr float kLimit = static_cast<float>(kMaxSymbol);
  const float scaled = table.gain * y - table.median;
  const float below = scaled < kLimit ? scaled : kLimit;
  return static_cast<int32_t>(
      RoundHalfToEven(below > -kLimit ? below : -kLimit));
}

absl::Status NotFinite(std::span<const float> latent, size_t channel) {
  const auto y = std::find_if_not(latent.begin(), latent.end(), IsFinite);
  return absl::InvalidArgumentError(
      absl::StrCat("latent channel ", channel, " position ", y - latent.begin(),
                   " is ", *y, ", expected a finite value"));
}

}  // namespace

absl::Status QuantizeLatent(std::span<const float> latent,
                            const LatentShape& shape,
                            std::span<const ChannelTable> channels,
                            std::vector<int32_t>& symbols) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, latent.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  symbols.resize(latent.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    const ChannelTable& table = channels[c];
    const float* y = latent.data() + c * num_positions;
    int32_t* s = symbols.data() + c * num_positions;
    int num_finite = 0;
    for (size_t i = 0; i < num_positions; ++i) num_finite += IsFinite(y[i]);
    if (static_cast<size_t>(num_finite) != num_positions) {
      return NotFinite(latent.subspan(c * num_positions, num_positions), c);
    }
    for (size_t i = 0; i < num_positions; ++i) s[i] = QuantizeOne(y[i], table);
  }
  return absl::OkStatus();
}

absl::Status DequantizeLatent(std::span<const int32_t> symbols,
                              const LatentShape& shape,
                              std::span<const ChannelTable> channels,
                              std::vector<float>& y_hat) {
  SLUICE_RETURN_IF_ERROR(
      CheckLatentSizes(shape, symbols.size(), channels.size()));
  const size_t num_positions = shape.num_positions();
  y_hat.resize(symbols.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    const float median = channels[c].median;
    const float inverse_gain = channels[c].inverse_gain;
    const int32_t* s = symbols.data() + c * num_positions;
    float* y = y_hat.data() + c * num_positions;
    for (size_t i = 0; i < num_positions; ++i) {
      y[i] = (static_cast<float>(s[i]) + median) * inverse_gain;
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice::codec
