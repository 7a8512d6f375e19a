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

Frame SmallFrame() {
  return {.header = {.codec_short_id = kCodecId,
                     .rate = 3,
                     .latent_height = 2,
                     .latent_width = 5},
          .payload = {1, 2, 3, 4, 5}};
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
  const Frame frame = SmallFrame();
  const auto bytes = WriteFrame(frame);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->size(), kFrameHeaderBytes + frame.payload.size());
  const auto read = ReadFrame(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->header.codec_short_id, kCodecId);
  EXPECT_EQ(read->header.rate, 3);
  EXPECT_EQ(read->header.latent_height, 2);
  EXPECT_EQ(read->header.latent_width, 5);
  EXPECT_EQ(read->payload, frame.payload);
}

TEST(FrameTest, LimitsRoundTrip) {
  Frame frame;
  frame.header = {.codec_short_id = 0xffffffff,
                  .rate = kMaxRates - 1,
                  .latent_height = 1,
                  .latent_width = kMaxLatentSide};
  frame.payload.assign(kMaxPayloadBytes, 0xa5);
  const auto bytes = WriteFrame(frame);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto read = ReadFrame(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->payload, frame.payload);
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

TEST(FrameTest, WriterRefusesWhatNoReaderTakes) {
  Frame frame = SmallFrame();
  frame.header.rate = -1;
  EXPECT_THAT(WriteFrame(frame), Fails(kInvalid, "rate -1 is outside 0 to 63"));
  frame.header.rate = kMaxRates;
  EXPECT_THAT(WriteFrame(frame), Fails(kInvalid, "rate 64 is outside 0 to 63"));
  frame = SmallFrame();
  frame.header.latent_height = 0;
  EXPECT_THAT(WriteFrame(frame), Fails(kInvalid, "height 0"));
  frame = SmallFrame();
  frame.header.latent_width = kMaxLatentSide + 1;
  EXPECT_THAT(WriteFrame(frame), Fails(kExhausted, "width 4097 exceeds 4096"));
  frame = SmallFrame();
  frame.payload.resize(kMaxPayloadBytes + 1);
  EXPECT_THAT(WriteFrame(frame), Fails(kExhausted, "4194305 bytes exceeds"));
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
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 2, {1})),
              Fails(kInvalid, "version: expected 0, found 1"));
}

TEST(FrameTest, WrongCoderIsInvalid) {
  EXPECT_THAT(ReadFrame(WithField(WorkedFrame(0), 3, {255})),
              Fails(kInvalid, "coder: expected 0, found 255"));
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
  Bytes frame = WorkedFrame(3);
  for (size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    const uint8_t mask = static_cast<uint8_t>(1u << (bit % 8));
    frame[bit / 8] ^= mask;
    EXPECT_FALSE(ReadFrame(frame).ok()) << bit;
    frame[bit / 8] ^= mask;
  }
}

TEST(FrameTest, WrongCrcSaysBoth) {
  Bytes frame = WorkedFrame(3);
  frame[17] ^= 0xff;
  EXPECT_THAT(ReadFrame(frame),
              Fails(kDataLoss, "CRC: expected 5d4ee9aa, found 5d4ee955"));
}

TEST(FrameTest, RightCrcOverABadPayloadIsDataLoss) {
  const Bytes frame = WithField(WorkedFrame(0), kFrameHeaderBytes, {0x7f});
  EXPECT_TRUE(ReadFrame(frame).ok());
  EXPECT_THAT(DecodeFrame(frame, WorkedTables(4), kCodecId),
              Fails(kDataLoss, ""));
}

TEST(FrameTest, EmptyPayloadIsDataLoss) {
  Frame frame = SmallFrame();
  frame.payload.clear();
  const Bytes bytes = WriteFrame(frame).value();
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
