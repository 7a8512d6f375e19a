// EncodeFrame, then DecodeFrame: any latent that is finite comes back as its
// quantizer leaves it, any other is refused.
//
// EncodeFrame holds 24 bytes per element: symbols, words, escapes and, for a
// moment, payload and frame; DecodeFrame 8 bytes per element and the payload.
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "common/codec/frame.h"
#include "common/codec/quantizer.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_tables.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

using ::sluice::codec::CodecTables;
using ::sluice::codec::LatentShape;

constexpr uint32_t kShortId = 0x1a2b3c4d;

// 1 to 64, most of them short: long ones take long.
int TakeSide(FuzzInput& input) {
  const int root = input.TakeU8();
  return 1 + root * root / 1024;
}

// Of any bits, or near what the quantizer makes symbols of the table from.
std::vector<float> TakeLatent(FuzzInput& input, const LatentShape& shape,
                              std::span<const codec::ChannelTable> channels) {
  const bool is_any_bits = input.TakeBool();
  const std::span<const uint8_t> rest = input.TakeRest();
  std::vector<float> latent(shape.num_elements());
  if (is_any_bits) {
    for (size_t i = 0; i < latent.size() && !rest.empty(); ++i) {
      uint32_t bits = 0;
      for (size_t k = 0; k < 4; ++k) {
        bits = bits << 8 | rest[(4 * i + k) % rest.size()];
      }
      latent[i] = std::bit_cast<float>(bits);
    }
    return latent;
  }
  const std::vector<int32_t> symbols = DrawSymbols(rest, shape, channels);
  CheckOk(codec::DequantizeLatent(symbols, shape, channels, latent),
          "symbols dequantize");
  return latent;
}

bool IsFinite(std::span<const float> latent) {
  for (const float value : latent) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

std::vector<float> QuantizedAndBack(
    std::span<const float> latent, const LatentShape& shape,
    std::span<const codec::ChannelTable> channels) {
  std::vector<int32_t> symbols;
  std::vector<float> y_hat;
  CheckOk(codec::QuantizeLatent(latent, shape, channels, symbols), "quantize");
  CheckOk(codec::DequantizeLatent(symbols, shape, channels, y_hat),
          "dequantize");
  return y_hat;
}

}  // namespace

void FuzzRoundTrip(std::span<const uint8_t> bytes) {
  FuzzInput input(bytes);
  std::vector<codec::ChannelTable> channels = TakeTables(input, 4);
  LatentShape shape;
  shape.channels = static_cast<int>(channels.size());
  shape.height = TakeSide(input);
  shape.width = TakeSide(input);
  const std::vector<float> latent = TakeLatent(input, shape, channels);
  const auto tables = CodecTables::Create(1, shape.channels, channels);
  CheckOk(tables.status(), "valid tables");

  const AllocationMeter encoder_meter;
  const auto frame = codec::EncodeFrame(latent, shape, *tables, kShortId, 0);
  encoder_meter.CheckAtMost(24 * shape.num_elements(), "EncodeFrame");
  Check(frame.ok() == IsFinite(latent),
        "finite latents encode: " + frame.status().ToString());
  if (!frame.ok()) return;

  const AllocationMeter decoder_meter;
  const auto decoded = codec::DecodeFrame(*frame, *tables, kShortId);
  decoder_meter.CheckAtMost(8 * shape.num_elements() + frame->size(),
                            "DecodeFrame");
  CheckOk(decoded.status(), "a frame of EncodeFrame decodes");
  const std::vector<float> expected = QuantizedAndBack(latent, shape, channels);
  Check(decoded->shape == shape && decoded->y_hat.size() == expected.size() &&
            std::memcmp(decoded->y_hat.data(), expected.data(),
                        expected.size() * sizeof(float)) == 0,
        "a latent comes back as its quantizer leaves it");
}

}  // namespace sluice::fuzz
