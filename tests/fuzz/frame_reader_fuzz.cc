// ReadFrame and DecodeFrame on any bytes, as they are and with the fields put
// right that chance never gets right: codec id, length and CRC.
//
// ReadFrame holds nothing. DecodeFrame holds 8 bytes per element of a latent
// within the limits, and the payload.
#include <algorithm>
#include <vector>

#include "common/base/hash.h"
#include "common/codec/frame.h"
#include "tests/fuzz/allocation_meter.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/fuzz_targets.h"

namespace sluice::fuzz {
namespace {

using ::sluice::codec::ChannelTable;
using ::sluice::codec::CodecTables;
using ::sluice::codec::Frame;
using ::sluice::codec::QuantizedCdf;

constexpr uint32_t kShortId = 0x1a2b3c4d;
// bitstream_format.md has the layout.
constexpr size_t kShortIdAt = 4;
constexpr size_t kPayloadBytesAt = 13;
constexpr size_t kCrcAt = 17;

// Two rates of three channels. No symbol is so probable that it costs next to
// nothing: a latent of many elements takes a payload of many bytes.
CodecTables MakeTables() {
  std::vector<ChannelTable> tables;
  for (uint32_t i = 0; i < 6; ++i) {
    const std::vector<uint32_t> cdf = {0, 0x300 + i, 0xa00, 0xf00 + 16 * i,
                                       0x1000};
    tables.push_back({.gain = 2.0f,
                      .inverse_gain = 0.5f,
                      .median = 0.25f,
                      .cdf = QuantizedCdf::Create(cdf, -1).value()});
  }
  return CodecTables::Create(2, 3, std::move(tables)).value();
}

void StoreU32(uint32_t value, uint8_t* at) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

std::vector<uint8_t> PutRight(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> frame(bytes.begin(), bytes.end());
  if (frame.size() < codec::kFrameHeaderBytes) return frame;
  const auto payload = std::span(frame).subspan(codec::kFrameHeaderBytes);
  StoreU32(kShortId, &frame[kShortIdAt]);
  StoreU32(static_cast<uint32_t>(payload.size()), &frame[kPayloadBytesAt]);
  const uint32_t header_crc = base::Crc32c(std::span(frame).first(kCrcAt));
  StoreU32(base::Crc32c(payload, header_crc), &frame[kCrcAt]);
  return frame;
}

// What is read writes the same bytes.
absl::StatusOr<Frame> Read(std::span<const uint8_t> bytes) {
  const AllocationMeter meter;
  absl::StatusOr<Frame> frame = codec::ReadFrame(bytes);
  meter.CheckAtMost(0, "ReadFrame");
  if (frame.ok()) {
    std::vector<uint8_t> again;
    CheckOk(codec::WriteFrame(*frame, again), "a frame that was read");
    Check(std::ranges::equal(again, bytes), "WriteFrame mirrors ReadFrame");
  }
  return frame;
}

void Decode(const Frame& frame, const CodecTables& tables) {
  const codec::LatentShape shape = {tables.num_channels(),
                                    frame.header.latent_height,
                                    frame.header.latent_width};
  const size_t num_elements =
      codec::CheckLatentShape(shape).ok() ? shape.num_elements() : 0;
  const AllocationMeter meter;
  codec::CoderScratch scratch;
  codec::DecodedFrame decoded;
  const absl::Status status =
      codec::DecodeFrame(frame, tables, kShortId, scratch, decoded);
  meter.CheckAtMost(
      (sizeof(int32_t) + sizeof(float)) * num_elements + frame.payload.size(),
      "DecodeFrame");
  if (!status.ok()) return;
  Check(decoded.shape == shape && decoded.y_hat.size() == num_elements,
        "a decoded frame has the shape of its header");
}

}  // namespace

void FuzzFrameReader(std::span<const uint8_t> bytes) {
  static const CodecTables& tables = *new CodecTables(MakeTables());
  for (const std::vector<uint8_t>& input :
       {std::vector<uint8_t>(bytes.begin(), bytes.end()), PutRight(bytes)}) {
    const absl::StatusOr<Frame> frame = Read(input);
    if (frame.ok()) Decode(*frame, tables);
  }
}

}  // namespace sluice::fuzz
