// Frame: header + payload + checksum, the one thing that crosses the link.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

inline constexpr int kFrameVersion = 0;  // No promise before version 1.
inline constexpr int kFrameHeaderBytes = 21;

// What a header says. `codec_short_id` is the first 32 bits of the codec id.
struct FrameHeader {
  uint32_t codec_short_id = 0;
  int rate = 0;           // 0 .. kMaxRates - 1; 0 costs the fewest bytes.
  int latent_height = 0;  // Channels come from the codec.
  int latent_width = 0;
};

struct Frame {
  FrameHeader header;
  std::vector<uint8_t> payload;
};

// Refuses what ReadFrame would: InvalidArgument for a rate outside
// 0 .. kMaxRates - 1 or an empty latent, ResourceExhausted for a latent side or
// a payload over its limit.
absl::StatusOr<std::vector<uint8_t>> WriteFrame(const Frame& frame);

// Checks in this order: a whole header (DataLoss), magic, version, coder and
// rate (InvalidArgument), the declared sizes (ResourceExhausted;
// InvalidArgument for an empty latent), the length (DataLoss; so are trailing
// bytes), the CRC over header and payload (DataLoss).
absl::StatusOr<Frame> ReadFrame(std::span<const uint8_t> bytes);

// One latent to one frame: QuantizeLatent, EncodeSymbols, WriteFrame.
// InvalidArgument when `rate` is not one of the tables'.
absl::StatusOr<std::vector<uint8_t>> EncodeFrame(std::span<const float> latent,
                                                 const LatentShape& shape,
                                                 const CodecTables& tables,
                                                 uint32_t codec_short_id,
                                                 int rate);

// A decoded frame: y_hat is float32 [C,H,W].
struct DecodedFrame {
  FrameHeader header;
  LatentShape shape;
  std::vector<float> y_hat;
};

// The mirror: ReadFrame, DecodeSymbols, DequantizeLatent. FailedPrecondition
// with both ids when the frame names another codec; InvalidArgument when its
// rate is not one of the tables'.
absl::StatusOr<DecodedFrame> DecodeFrame(std::span<const uint8_t> bytes,
                                         const CodecTables& tables,
                                         uint32_t codec_short_id);
// The same for a frame that ReadFrame has returned.
absl::StatusOr<DecodedFrame> DecodeFrame(const Frame& frame,
                                         const CodecTables& tables,
                                         uint32_t codec_short_id);

}  // namespace sluice::codec
