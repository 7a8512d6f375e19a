#include "models/train/data/shard.h"

#include <string>
#include <vector>

#include "common/base/byte_io.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr int kHeight = 2;
constexpr int kWidth = 3;
constexpr size_t kPictureBytes = 3 * kHeight * kWidth;

std::vector<uint8_t> PictureOf(uint8_t first) {
  std::vector<uint8_t> picture(kPictureBytes);
  for (size_t i = 0; i < picture.size(); ++i) picture[i] = uint8_t(first + i);
  return picture;
}

std::vector<uint8_t> HeaderOf(const std::string& magic, uint32_t num_pictures,
                              uint32_t height, uint32_t width,
                              uint32_t reserved = 0) {
  base::ByteWriter writer;
  for (const char c : magic) writer.WriteU8(uint8_t(c));
  for (const uint32_t field : {num_pictures, height, width, reserved}) {
    writer.WriteU32(field);
  }
  return std::move(writer).Take();
}

class ShardTest : public ::testing::Test {
 protected:
  // The message of opening a file of these bytes, which has to fail.
  std::string MessageFor(const std::vector<uint8_t>& bytes) {
    const auto shard = Shard::Open(folder_.Write("shard", bytes));
    EXPECT_EQ(shard.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(shard.status().message(), HasSubstr("shard: "));
    return std::string(shard.status().message());
  }

  const testing::ScratchFolder folder_;
};

TEST_F(ShardTest, ReadsBackWhatWasWritten) {
  auto writer = ShardWriter::Create(folder_ / "shard", kHeight, kWidth);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(writer->Append(PictureOf(10)).ok());
  ASSERT_TRUE(writer->Append(PictureOf(20)).ok());
  ASSERT_TRUE(writer->Finish().ok());

  const auto shard = Shard::Open(folder_ / "shard");
  ASSERT_TRUE(shard.ok()) << shard.status();
  EXPECT_EQ(shard->num_pictures(), 2);
  EXPECT_EQ(shard->height(), kHeight);
  EXPECT_EQ(shard->width(), kWidth);
  EXPECT_THAT(shard->picture(0), ElementsAreArray(PictureOf(10)));
  EXPECT_THAT(shard->picture(1), ElementsAreArray(PictureOf(20)));
}

TEST_F(ShardTest, MovingKeepsTheMapping) {
  auto writer = ShardWriter::Create(folder_ / "shard", kHeight, kWidth);
  ASSERT_TRUE(writer->Append(PictureOf(10)).ok());
  ASSERT_TRUE(writer->Finish().ok());
  Shard first = Shard::Open(folder_ / "shard").value();
  const Shard second = std::move(first);
  EXPECT_THAT(second.picture(0), ElementsAreArray(PictureOf(10)));
}

TEST_F(ShardTest, AnEmptyShardIsAShard) {
  auto writer = ShardWriter::Create(folder_ / "shard", kHeight, kWidth);
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(Shard::Open(folder_ / "shard")->num_pictures(), 0);
}

TEST_F(ShardTest, AnUnfinishedShardIsRefused) {
  {
    auto writer = ShardWriter::Create(folder_ / "shard", kHeight, kWidth);
    ASSERT_TRUE(writer->Append(PictureOf(10)).ok());
  }
  EXPECT_EQ(Shard::Open(folder_ / "shard").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ShardTest, APictureOfAnotherSizeIsRefused) {
  auto writer = ShardWriter::Create(folder_ / "shard", kHeight, kWidth);
  const absl::Status status =
      writer->Append(std::vector<uint8_t>(kPictureBytes + 1));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("18 bytes, found 19"));
}

TEST_F(ShardTest, AFolderThatIsNotThereCannotBeWritten) {
  EXPECT_EQ(ShardWriter::Create(folder_ / "no" / "shard", kHeight, kWidth)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ShardTest, WritingImpossibleSidesIsRefused) {
  for (const int side : {0, -1, 100'000}) {
    EXPECT_EQ(
        ShardWriter::Create(folder_ / "shard", side, kWidth).status().code(),
        absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(ShardTest, AMissingFileIsNotFound) {
  EXPECT_EQ(Shard::Open(folder_ / "shard").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ShardTest, AFolderIsNoShard) {
  EXPECT_EQ(Shard::Open(folder_.path()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ShardTest, ShortFilesAreRefused) {
  const std::vector<uint8_t> header = HeaderOf("SLUSHRD0", 0, kHeight, kWidth);
  for (size_t size = 0; size < header.size(); ++size) {
    EXPECT_THAT(MessageFor({header.begin(), header.begin() + size}),
                HasSubstr("at least 24 bytes"));
  }
}

TEST_F(ShardTest, AnotherMagicIsRefused) {
  EXPECT_THAT(MessageFor(HeaderOf("SLUSHRD1", 0, kHeight, kWidth)),
              HasSubstr("SLUSHRD0"));
}

TEST_F(ShardTest, ANonzeroReservedFieldIsRefused) {
  EXPECT_THAT(MessageFor(HeaderOf("SLUSHRD0", 0, kHeight, kWidth, 7)),
              HasSubstr("found 7"));
}

TEST_F(ShardTest, HostileSidesAreRefused) {
  for (const uint32_t side : {0u, 4097u, 0x80000000u, 0xffffffffu}) {
    EXPECT_THAT(MessageFor(HeaderOf("SLUSHRD0", 1, side, kWidth)),
                HasSubstr("sides of 1 to 4096"));
    EXPECT_THAT(MessageFor(HeaderOf("SLUSHRD0", 1, kHeight, side)),
                HasSubstr("sides of 1 to 4096"));
  }
}

TEST_F(ShardTest, ACountThatTheFileDoesNotHoldIsRefused) {
  EXPECT_THAT(MessageFor(HeaderOf("SLUSHRD0", 1, kHeight, kWidth)),
              HasSubstr("has 42 bytes, found 24"));
  // The product takes 58 bits: it must not wrap.
  EXPECT_THAT(MessageFor(HeaderOf("SLUSHRD0", 0xffffffffu, 4096, 4096)),
              HasSubstr("found 24"));
}

TEST_F(ShardTest, SurplusBytesAreRefused) {
  std::vector<uint8_t> bytes = HeaderOf("SLUSHRD0", 1, kHeight, kWidth);
  bytes.resize(bytes.size() + kPictureBytes + 1);
  EXPECT_THAT(MessageFor(bytes), HasSubstr("has 42 bytes, found 43"));
}

}  // namespace
}  // namespace sluice::train
