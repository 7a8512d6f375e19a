#include "common/base/byte_io.h"

#include <array>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ByteWriterTest, WritesLittleEndian) {
  ByteWriter writer;
  writer.WriteU8(0x01);
  writer.WriteU16(0x0302);
  writer.WriteU32(0x07060504);
  EXPECT_EQ(writer.size_bytes(), 7u);
  EXPECT_THAT(std::move(writer).Take(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST(ByteReaderTest, ReadsBackWhatWasWritten) {
  constexpr std::array<uint8_t, 3> kTail = {9, 8, 7};
  ByteWriter writer;
  writer.WriteU8(0xfe);
  writer.WriteU16(0xfedc);
  writer.WriteU32(0xfedcba98);
  writer.WriteU64(0xfedcba9876543210);
  writer.WriteBytes(kTail);
  const std::vector<uint8_t> bytes = std::move(writer).Take();

  ByteReader reader(bytes);
  EXPECT_EQ(reader.ReadU8().value(), 0xfe);
  EXPECT_EQ(reader.ReadU16().value(), 0xfedc);
  EXPECT_EQ(reader.ReadU32().value(), 0xfedcba98);
  EXPECT_EQ(reader.ReadU64().value(), 0xfedcba9876543210);
  EXPECT_THAT(reader.ReadBytes(3).value(), ElementsAre(9, 8, 7));
  EXPECT_EQ(reader.remaining_bytes(), 0u);
}

TEST(ByteReaderTest, ReadingPastTheEndIsDataLoss) {
  constexpr std::array<uint8_t, 3> kBytes = {1, 2, 3};
  ByteReader reader(kBytes);
  const absl::Status status = reader.ReadU32().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("expected 4 more bytes, found 3"));
}

TEST(ByteReaderTest, AFailedReadConsumesNothing) {
  constexpr std::array<uint8_t, 3> kBytes = {1, 2, 3};
  ByteReader reader(kBytes);
  EXPECT_FALSE(reader.ReadU64().ok());
  EXPECT_FALSE(reader.ReadBytes(4).ok());
  EXPECT_EQ(reader.remaining_bytes(), 3u);
  EXPECT_EQ(reader.ReadU16().value(), 0x0201);
}

TEST(ByteReaderTest, AHugeCountDoesNotOverflow) {
  constexpr std::array<uint8_t, 1> kBytes = {1};
  ByteReader reader(kBytes);
  EXPECT_EQ(reader.ReadBytes(SIZE_MAX).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(ByteReaderTest, NothingCanBeReadFromNothing) {
  ByteReader reader({});
  EXPECT_FALSE(reader.ReadU8().ok());
  EXPECT_TRUE(reader.ReadBytes(0).ok());
}

}  // namespace
}  // namespace sluice::base
