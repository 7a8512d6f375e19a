#include "common/codec/frame.h"

#include "common/base/hash.h"
#include "common/codec/limits.h"
#include "gmock/gmock.h"
#include "tests/codec/codec_testing.h"

namespace sluice::codec {
namespace {

using absl::StatusCode;
using Bytes = std::vector<uint8_t>;

constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;
constexpr StatusCode kDataLoss = StatusCode::kDataLoss;
constexpr StatusCode kExhausted = StatusCode::kResourceExhausted;
constexpr uint32_t kCodecId = 0x1a2b3c4d;
constexpr LatentShape kShape = {2, 2, 2};

constexpr uint8_t kPayload[] = {1, 2, 3, 4, 5};

Frame SmallFrame() {
  return {.header = {.codec_short_id = kCodecId,
                     .rate = 3,
                     .latent_height = 2,
                     .latent_width = 5,
                     .num_lanes = 8},
          .payload = kPayload};
}

absl::StatusOr<Bytes> Write(const Frame& frame) {
  Bytes bytes = {0x5a};  // To be replaced.
  const absl::Status status = WriteFrame(frame, bytes);
  if (!status.ok()) return status;
  return bytes;
}

Bytes WorkedFrame(int rate) {
  const std::vector<float> latent = {0.5f, 0.25f, -0.75f, 1.5f,
                                     0.0f, 2.5f,  0.5f,   0.125f};
  return EncodeFrame(latent, kShape, WorkedTables(4), kCodecId, rate).value();
}

// Puts a field's bytes in place and makes the CRC right again.
Bytes WithField(Bytes frame, size_t offset, const Bytes& field) {
  std::copy(field.begin(), field.end(), frame.begin() + offset);
  const auto view = std::span<const uint8_t>(frame);
  const uint32_t crc = base::Crc32c(view.subspan(kFrameHeaderBytes),
                                    base::Crc32c(view.first(17)));
  for (int i = 0; i < 4; ++i) {
    frame[17 + i] = static_cast<uint8_t>(crc >> (8 * i));
  }
  return frame;
}

TEST(FrameTest, WriteAndReadRoundTrip) {
  for (const int num_lanes : kLaneCounts) {
    Frame frame = SmallFrame();
    frame.header.num_lanes = num_lanes;
    const auto bytes = Write(frame);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(bytes->size(), kFrameHeaderBytes + frame.payload.size());
    const auto read = ReadFrame(*bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->header.codec_short_id, kCodecId);
    EXPECT_EQ(read->header.rate, 3);
    EXPECT_EQ(read->header.latent_height, 2);
    EXPECT_EQ(read->header.latent_width, 5);
    EXPECT_EQ(read->header.num_lanes, num_lanes);
    EXPECT_THAT(read->payload, testing::ElementsAreArray(kPayload));
    EXPECT_EQ(read->payload.data(), bytes->data() + kFrameHeaderBytes);
  }
}

TEST(FrameTest, LimitsRoundTrip) {
  const Bytes payload(kMaxPayloadBytes, 0xa5);
  const auto bytes = Write({.header = {.codec_short_id = 0xffffffff,
                                       .rate = kMaxRates - 1,
                                       .latent_height = 1,
                                       .latent_width = kMaxLatentSide,
                                       .num_lanes = kMaxLanes},
                            .payload = payload});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto read = ReadFrame(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Bytes(read->payload.begin(), read->payload.end()), payload);
  EXPECT_EQ(read->header.latent_width, kMaxLatentSide);
}

TEST(FrameTest, EncodeAndDecodeRoundTrip) {
  const auto decoded = DecodeFrame(WorkedFrame(2), WorkedTables(4), kCodecId);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->header.rate, 2);
  EXPECT_EQ(decoded->shape, kShape);
  EXPECT_THAT(decoded->y_hat, testing::ElementsAre(0.5f, 0.5f, -0.5f, 1.5f,
                                                   0.0f, 2.5f, 0.5f, 0.0f));
}

TEST(FrameTest, BuffersOfAnotherFrameAreReplaced) {
  const CodecTables tables = WorkedTables(4);
  CoderScratch scratch;
  Bytes bytes;
  DecodedFrame decoded;
  for (const int side : {9, 2, 30, 1}) {
    const LatentShape shape{2, side, side};
    const std::vector<float> latent(shape.num_elements(), 0.5f);
    const int rate = side % 4;
    ASSERT_TRUE(
        EncodeFrame(latent, shape, tables, kCodecId, rate, scratch, bytes)
            .ok());
    EXPECT_EQ(bytes,
              EncodeFrame(latent, shape, tables, kCodecId, rate).value());
    const auto frame = ReadFrame(bytes);
    ASSERT_TRUE(frame.ok()) << frame.status();
    ASSERT_TRUE(DecodeFrame(*frame, tables, kCodecId, scratch, decoded).ok());
    EXPECT_EQ(decoded.header.rate, rate);
    EXPECT_EQ(decoded.shape, shape);
    EXPECT_EQ(decoded.y_hat, latent);
  }
}

TEST(FrameTest, LanesAreThoseForTheLatent) {
  const CodecTables tables = CodecTables::Create(1, 1, {WidestTable()}).value();
  for (const int side : {10, 50, 70, 100, 150}) {
    const LatentShape shape{1, side, side};
    const std::vector<float> latent(shape.num_elements(), -3.0f);
    const Bytes bytes = EncodeFrame(latent, shape, tables, 1, 0).value();
    EXPECT_EQ(ReadFrame(bytes)->header.num_lanes,
              NumLanesFor(shape, tables.rate(0)));
    EXPECT_EQ(DecodeFrame(bytes, tables, 1)->y_hat, latent);
  }
}

TEST(FrameTest, WriterRefusesWhatNoReaderTakes) {
  Frame frame = SmallFrame();
  frame.header.rate = -1;
  EXPECT_THAT(Write(frame), Fails(kInvalid, "rate -1 is outside 0 to 63"));
  frame.header.rate = kMaxRates;
  EXPECT_THAT(Write(frame), Fails(kInvalid, "rate 64 is outside 0 to 63"));
  for (const int num_lanes : {0, -1, -8, 3, 12, 31, 33, 64, 256}) {
    frame = SmallFrame();
    frame.header.num_lanes = num_lanes;
    EXPECT_THAT(Write(frame), Fails(kInvalid, "expected a power of two up to"))
        << num_lanes;
  }
  frame = SmallFrame();
  frame.header.latent_height = 0;
  EXPECT_THAT(Write(frame), Fails(kInvalid, "height 0"));
  frame = SmallFrame();
  frame.header.latent_width = kMaxLatentSide + 1;
  EXPECT_THAT(Write(frame), Fails(kExhausted, "width 4097 exceeds 4096"));
  const Bytes payload(kMaxPayloadBytes + 1);
  frame = {.header = SmallFrame().header, .payload = payload};
  EXPECT_THAT(Write(frame), Fails(kExhausted, "4194305 bytes exceeds"));
}

TEST(FrameTest, EncoderRefusesWhatDoesNotFitTheTables) {
  const std::vector<float> latent(12);
  const CodecTables tables = WorkedTables(4);
  EXPECT_THAT(EncodeFrame(latent, {2, 2, 3}, tables, kCodecId, 4),
              Fails(kInvalid, "rate 4 is outside the codec's 0 to 3"));
  EXPECT_THAT(EncodeFrame(latent, {2, 2, 3}, tables, kCodecId, -1),
              Fails(kInvalid, "rate -1"));
  EXPECT_THAT(EncodeFrame(latent, {3, 2, 2}, tables, kCodecId, 0),
              Fails(kInvalid, "expected tables for 3 channels, found 2"));
  EXPECT_THAT(EncodeFrame(latent, {2, 2, 2}, tables, kCodecId, 0),
              Fails(kInvalid, "expected 8 elements"));
}

TEST(FrameTest, WrongMagicIsInvalid) {
  const Bytes frame = WorkedFrame(0);
  EXPECT_THAT(ReadFrame(WithField(frame, 0, {0xff, 0xd8})),
              Fails(kInvalid, "expected magic 53 4c, found ff d8"));
  EXPECT_THAT(ReadFrame(WithField(frame, 1, {'l'})), Fails(kInvalid, "magic"));
}

TEST(FrameTest, WrongVersionIsInvalid) {
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 2, {0})),
              Fails(kInvalid, "version: expected 1, found 0"));
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 2, {2})),
              Fails(kInvalid, "version: expected 1, found 2"));
}

TEST(FrameTest, WrongCoderIsInvalid) {
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 3, {6})),
              Fails(kInvalid, "coder: expected 0 to 5, found 6"));
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 3, {255})),
              Fails(kInvalid, "coder: expected 0 to 5, found 255"));
}

TEST(FrameTest, CoderOfOtherLanesThanThePayloadsIsDataLoss) {
  for (uint8_t coder = 1; coder <= kMaxLanesLog2; ++coder) {
    const Bytes frame = WithField(WorkedFrame(0), 3, {coder});
    EXPECT_TRUE(ReadFrame(frame).ok());
    EXPECT_THAT(DecodeFrame(frame, WorkedTables(4), kCodecId),
                Fails(kDataLoss, ""));
  }
}

TEST(FrameTest, RateBeyondAnyCodecsIsInvalid) {
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 8, {64})),
              Fails(kInvalid, "rate 64 is outside 0 to 63"));
}

TEST(FrameTest, LatentSidesOutOfRangeAreRefused) {
  const Bytes frame = WorkedFrame(0);
  EXPECT_THAT(ReadFrame(WithField(frame, 9, {0, 0})),
              Fails(kInvalid, "height 0"));
  EXPECT_THAT(ReadFrame(WithField(frame, 11, {0, 0})),
              Fails(kInvalid, "width 0"));
  EXPECT_THAT(ReadFrame(WithField(frame, 9, {0x01, 0x10})),
              Fails(kExhausted, "height 4097 exceeds 4096"));
  EXPECT_THAT(ReadFrame(WithField(frame, 11, {0xff, 0xff})),
              Fails(kExhausted, "width 65535 exceeds 4096"));
  EXPECT_THAT(ReadFrame(WithField(frame, 9, {0x00, 0x10, 0x00, 0x10})),
              Fails(kExhausted, "16777216 elements"));
}

TEST(FrameTest, SizesOverTheLimitAreRefusedBeforeTheCrc) {
  Bytes frame = WithField(WorkedFrame(0), 13, {0x01, 0x00, 0x40, 0x00});
  frame[17] ^= 1;
  EXPECT_THAT(ReadFrame(frame), Fails(kExhausted, "4194305 bytes exceeds"));
  frame = WithField(WorkedFrame(0), 9, {0xff, 0xff});
  frame[17] ^= 1;
  EXPECT_THAT(ReadFrame(frame), Fails(kExhausted, "height 65535"));
}

TEST(FrameTest, ElementsOverTheLimitAreRefusedBeforeDecoding) {
  // 1 x 1024 x 1024 passes; the codec's second channel makes it too many.
  const Bytes frame = WithField(WorkedFrame(0), 9, {0x00, 0x04, 0x00, 0x04});
  EXPECT_TRUE(ReadFrame(frame).ok());
  EXPECT_THAT(DecodeFrame(frame, WorkedTables(4), kCodecId),
              Fails(kExhausted, "latent 2x1024x1024"));
}

TEST(FrameTest, EveryTruncationIsDataLoss) {
  const Bytes frame = WorkedFrame(0);
  for (size_t size = 0; size < frame.size(); ++size) {
    const Bytes head(frame.begin(), frame.begin() + size);
    EXPECT_THAT(ReadFrame(head), Fails(kDataLoss, "expected a ")) << size;
  }
}

TEST(FrameTest, TrailingBytesAreDataLoss) {
  Bytes frame = WorkedFrame(0);
  frame.push_back(0);
  EXPECT_THAT(ReadFrame(frame),
              Fails(kDataLoss, "expected a payload of 8 bytes, found 9"));
}

TEST(FrameTest, EveryBitFlipIsAnError) {
  for (const int num_lanes : kLaneCounts) {
    Frame small = SmallFrame();
    small.header.num_lanes = num_lanes;
    for (Bytes frame : {WorkedFrame(3), Write(small).value()}) {
      for (size_t bit = 0; bit < 8 * frame.size(); ++bit) {
        const uint8_t mask = static_cast<uint8_t>(1u << (bit % 8));
        frame[bit / 8] ^= mask;
        EXPECT_FALSE(ReadFrame(frame).ok()) << bit;
        frame[bit / 8] ^= mask;
      }
    }
  }
}

TEST(FrameTest, WrongCrcSaysBoth) {
  Bytes frame = WorkedFrame(3);
  frame[17] ^= 0xff;
  EXPECT_THAT(ReadFrame(frame),
              Fails(kDataLoss, "CRC: expected ab8610a9, found ab861056"));
}

TEST(FrameTest, RightCrcOverABadPayloadIsDataLoss) {
  const Bytes frame = WithField(WorkedFrame(0), kFrameHeaderBytes, {0x7f});
  EXPECT_TRUE(ReadFrame(frame).ok());
  EXPECT_THAT(DecodeFrame(frame, WorkedTables(4), kCodecId),
              Fails(kDataLoss, ""));
}

TEST(FrameTest, EmptyPayloadIsDataLoss) {
  Frame frame = SmallFrame();
  frame.payload = {};
  const Bytes bytes = Write(frame).value();
  EXPECT_THAT(DecodeFrame(bytes, WorkedTables(4), kCodecId),
              Fails(kDataLoss, "expected 1 more bytes, found 0"));
}

TEST(FrameTest, AnotherCodecIsAFailedPreconditionWithBothIds) {
  EXPECT_THAT(DecodeFrame(WorkedFrame(0), WorkedTables(4), 0xbeef),
              Fails(StatusCode::kFailedPrecondition,
                    "expected id 0000beef, found 1a2b3c4d"));
}

TEST(FrameTest, RateBeyondTheTablesIsInvalid) {
  EXPECT_THAT(DecodeFrame(WorkedFrame(3), WorkedTables(3), kCodecId),
              Fails(kInvalid, "rate 3 is outside the codec's 0 to 2"));
}

}  // namespace
}  // namespace sluice::codec
