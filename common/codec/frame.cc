#include "common/codec/frame.h"

#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/byte_io.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"
#include "common/codec/quantizer.h"

namespace sluice::codec {
namespace {

constexpr uint8_t kMagic[2] = {'S', 'L'};
constexpr size_t kCrcBytes = 4;  // The header's last field.

absl::Status CheckHeader(const FrameHeader& header, size_t payload_bytes) {
  if (header.rate < 0 || header.rate >= kMaxRates) {
    return absl::InvalidArgumentError(absl::StrCat(
        "frame rate ", header.rate, " is outside 0 to ", kMaxRates - 1));
  }
  if (header.num_lanes < 1 || header.num_lanes > kMaxLanes ||
      !std::has_single_bit(static_cast<unsigned>(header.num_lanes))) {
    return absl::InvalidArgumentError(
        absl::StrCat("frame of ", header.num_lanes,
                     " lanes, expected a power of two up to ", kMaxLanes));
  }
  // One channel stands in for the codec's, which no frame names.
  SLUICE_RETURN_IF_ERROR(CheckLatentShape({.channels = 1,
                                           .height = header.latent_height,
                                           .width = header.latent_width}));
  if (payload_bytes > kMaxPayloadBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("frame payload of ", payload_bytes, " bytes exceeds ",
                     kMaxPayloadBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckRate(int rate, const CodecTables& tables) {
  if (rate >= 0 && rate < tables.num_rates()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "rate ", rate, " is outside the codec's 0 to ", tables.num_rates() - 1));
}

uint32_t FrameCrc(std::span<const uint8_t> header_without_crc,
                  std::span<const uint8_t> payload) {
  return base::Crc32c(payload, base::Crc32c(header_without_crc));
}

}  // namespace

absl::Status WriteFrame(const Frame& frame, std::vector<uint8_t>& bytes) {
  const FrameHeader& header = frame.header;
  SLUICE_RETURN_IF_ERROR(CheckHeader(header, frame.payload.size()));
  base::ByteWriter writer(std::move(bytes));
  writer.WriteBytes(kMagic);
  writer.WriteU8(kFrameVersion);
  writer.WriteU8(static_cast<uint8_t>(
      std::countr_zero(static_cast<unsigned>(header.num_lanes))));
  writer.WriteU32(header.codec_short_id);
  writer.WriteU8(static_cast<uint8_t>(header.rate));
  writer.WriteU16(static_cast<uint16_t>(header.latent_height));
  writer.WriteU16(static_cast<uint16_t>(header.latent_width));
  writer.WriteU32(static_cast<uint32_t>(frame.payload.size()));
  writer.WriteU32(FrameCrc(writer.bytes(), frame.payload));
  writer.WriteBytes(frame.payload);
  bytes = std::move(writer).Take();
  return absl::OkStatus();
}

absl::StatusOr<Frame> ReadFrame(std::span<const uint8_t> bytes) {
  if (bytes.size() < kFrameHeaderBytes) {
    return absl::DataLossError(absl::StrCat("frame: expected a header of ",
                                            kFrameHeaderBytes, " bytes, found ",
                                            bytes.size()));
  }
  base::ByteReader reader(bytes);
  SLUICE_ASSIGN_OR_RETURN(const uint8_t magic_0, reader.ReadU8());
  SLUICE_ASSIGN_OR_RETURN(const uint8_t magic_1, reader.ReadU8());
  if (magic_0 != kMagic[0] || magic_1 != kMagic[1]) {
    return absl::InvalidArgumentError(
        absl::StrFormat("not a Sluice frame: expected magic 53 4c, found "
                        "%02x %02x",
                        magic_0, magic_1));
  }
  SLUICE_ASSIGN_OR_RETURN(const uint8_t version, reader.ReadU8());
  if (version != kFrameVersion) {
    return absl::InvalidArgumentError(absl::StrCat(
        "frame version: expected ", kFrameVersion, ", found ", version));
  }
  SLUICE_ASSIGN_OR_RETURN(const uint8_t coder, reader.ReadU8());
  if (coder > kMaxLanesLog2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "frame coder: expected 0 to ", kMaxLanesLog2, ", found ", coder));
  }

  Frame frame;
  frame.header.num_lanes = 1 << coder;
  SLUICE_ASSIGN_OR_RETURN(frame.header.codec_short_id, reader.ReadU32());
  SLUICE_ASSIGN_OR_RETURN(frame.header.rate, reader.ReadU8());
  SLUICE_ASSIGN_OR_RETURN(frame.header.latent_height, reader.ReadU16());
  SLUICE_ASSIGN_OR_RETURN(frame.header.latent_width, reader.ReadU16());
  SLUICE_ASSIGN_OR_RETURN(const uint32_t payload_bytes, reader.ReadU32());
  SLUICE_RETURN_IF_ERROR(CheckHeader(frame.header, payload_bytes));
  SLUICE_ASSIGN_OR_RETURN(const uint32_t declared_crc, reader.ReadU32());
  if (payload_bytes != reader.remaining_bytes()) {
    return absl::DataLossError(absl::StrCat("frame: expected a payload of ",
                                            payload_bytes, " bytes, found ",
                                            reader.remaining_bytes()));
  }
  SLUICE_ASSIGN_OR_RETURN(frame.payload, reader.ReadBytes(payload_bytes));
  const uint32_t crc =
      FrameCrc(bytes.first(kFrameHeaderBytes - kCrcBytes), frame.payload);
  if (crc != declared_crc) {
    return absl::DataLossError(absl::StrFormat(
        "frame CRC: expected %08x, found %08x", declared_crc, crc));
  }
  return frame;
}

absl::Status EncodeFrame(std::span<const float> latent,
                         const LatentShape& shape, const CodecTables& tables,
                         uint32_t codec_short_id, int rate,
                         CoderScratch& scratch, std::vector<uint8_t>& frame) {
  SLUICE_RETURN_IF_ERROR(CheckRate(rate, tables));
  const std::span<const ChannelTable> channels = tables.rate(rate);
  SLUICE_RETURN_IF_ERROR(
      QuantizeLatent(latent, shape, channels, scratch.symbols));
  const FrameHeader header = {.codec_short_id = codec_short_id,
                              .rate = rate,
                              .latent_height = shape.height,
                              .latent_width = shape.width,
                              .num_lanes = NumLanesFor(shape, channels)};
  SLUICE_RETURN_IF_ERROR(EncodeSymbols(scratch.symbols, shape, channels,
                                       header.num_lanes, scratch,
                                       scratch.payload));
  return WriteFrame({header, scratch.payload}, frame);
}

absl::Status DecodeFrame(const Frame& frame, const CodecTables& tables,
                         uint32_t codec_short_id, CoderScratch& scratch,
                         DecodedFrame& decoded) {
  if (frame.header.codec_short_id != codec_short_id) {
    return absl::FailedPreconditionError(
        absl::StrFormat("frame of another codec: expected id %08x, found %08x",
                        codec_short_id, frame.header.codec_short_id));
  }
  SLUICE_RETURN_IF_ERROR(CheckRate(frame.header.rate, tables));
  const std::span<const ChannelTable> channels = tables.rate(frame.header.rate);
  decoded.header = frame.header;
  decoded.shape = {.channels = tables.num_channels(),
                   .height = frame.header.latent_height,
                   .width = frame.header.latent_width};
  SLUICE_RETURN_IF_ERROR(DecodeSymbols(frame.payload, decoded.shape, channels,
                                       frame.header.num_lanes, scratch,
                                       scratch.symbols));
  return DequantizeLatent(scratch.symbols, decoded.shape, channels,
                          decoded.y_hat);
}

absl::StatusOr<std::vector<uint8_t>> EncodeFrame(std::span<const float> latent,
                                                 const LatentShape& shape,
                                                 const CodecTables& tables,
                                                 uint32_t codec_short_id,
                                                 int rate) {
  CoderScratch scratch;
  std::vector<uint8_t> frame;
  SLUICE_RETURN_IF_ERROR(
      EncodeFrame(latent, shape, tables, codec_short_id, rate, scratch, frame));
  return frame;
}

absl::StatusOr<DecodedFrame> DecodeFrame(std::span<const uint8_t> bytes,
                                         const CodecTables& tables,
                                         uint32_t codec_short_id) {
  SLUICE_ASSIGN_OR_RETURN(const Frame frame, ReadFrame(bytes));
  CoderScratch scratch;
  DecodedFrame decoded;
  SLUICE_RETURN_IF_ERROR(
      DecodeFrame(frame, tables, codec_short_id, scratch, decoded));
  return decoded;
}

}  // namespace sluice::codec
