// Frame: header + payload + checksum, the one thing that crosses the link.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/codec_tables.h"
#include "common/codec/entropy_coder.h"
#include "common/codec/latent_shape.h"

namespace sluice::codec {

inline constexpr int kFrameVersion = 1;
inline constexpr int kFrameHeaderBytes = 21;

// What a header says. `codec_short_id` is the first 32 bits of the codec id.
struct FrameHeader {
  uint32_t codec_short_id = 0;
  int rate = 0;           // 0 .. kMaxRates - 1; 0 costs the fewest bytes.
  int latent_height = 0;  // Channels come from the codec.
  int latent_width = 0;
  int num_lanes = 1;  // Of the entropy coder: a power of two up to kMaxLanes.
};

// A view into bytes that must outlive it.
struct Frame {
  FrameHeader header;
  std::span<const uint8_t> payload;
};

// Replaces `bytes`. Refuses what ReadFrame would: InvalidArgument for a rate
// outside 0 .. kMaxRates - 1, another number of lanes or an empty latent,
// ResourceExhausted for a latent side or a payload over its limit.
absl::Status WriteFrame(const Frame& frame, std::vector<uint8_t>& bytes);

// Checks in this order: a whole header (DataLoss), magic, version, coder and
// rate (InvalidArgument), the declared sizes (ResourceExhausted;
// InvalidArgument for an empty latent), the length (DataLoss; so are trailing
// bytes), the CRC over header and payload (DataLoss).
absl::StatusOr<Frame> ReadFrame(std::span<const uint8_t> bytes);

// One latent to one frame: QuantizeLatent, EncodeSymbols, WriteFrame. Replaces
// `frame`. InvalidArgument when `rate` is not one of the tables'.
absl::Status EncodeFrame(std::span<const float> latent,
                         const LatentShape& shape, const CodecTables& tables,
                         uint32_t codec_short_id, int rate,
                         CoderScratch& scratch, std::vector<uint8_t>& frame);

// A decoded frame: y_hat is float32 [C,H,W].
struct DecodedFrame {
  FrameHeader header;
  LatentShape shape;
  std::vector<float> y_hat;
};

// The mirror, for what ReadFrame returned: DecodeSymbols, DequantizeLatent.
// Replaces `decoded`. FailedPrecondition with both ids when the frame names
// another codec; InvalidArgument when its rate is not one of the tables'.
absl::Status DecodeFrame(const Frame& frame, const CodecTables& tables,
                         uint32_t codec_short_id, CoderScratch& scratch,
                         DecodedFrame& decoded);

// Both with memory of their own, the latter with ReadFrame before it.
absl::StatusOr<std::vector<uint8_t>> EncodeFrame(std::span<const float> latent,
                                                 const LatentShape& shape,
                                                 const CodecTables& tables,
                                                 uint32_t codec_short_id,
                                                 int rate);
absl::StatusOr<DecodedFrame> DecodeFrame(std::span<const uint8_t> bytes,
                                         const CodecTables& tables,
                                         uint32_t codec_short_id);

}  // namespace sluice::codec
