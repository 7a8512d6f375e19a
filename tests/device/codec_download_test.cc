#include "device/codec_download.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

v1::CodecChunk Chunk(const std::string& file, uint64_t file_bytes,
                     uint64_t offset, const std::string& data) {
  v1::CodecChunk chunk;
  chunk.set_file(file);
  chunk.set_file_bytes(file_bytes);
  chunk.set_offset(offset);
  chunk.set_data(data);
  return chunk;
}

absl::Status AddAll(const std::vector<v1::CodecChunk>& chunks,
                    ChunkCollector* collector) {
  for (const v1::CodecChunk& chunk : chunks) {
    if (absl::Status status = collector->Add(chunk); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

const v1::CodecChunk kFirst = Chunk("codec.json", 2, 0, "{}");

TEST(ChunkCollectorTest, PutsThreeFilesTogether) {
  ChunkCollector collector;
  ASSERT_TRUE(AddAll({kFirst, Chunk("encoder.safetensors", 5, 0, "abc"),
                      Chunk("encoder.safetensors", 5, 3, "de"),
                      Chunk("tables.safetensors", 1, 0, "t")},
                     &collector)
                  .ok());
  const auto files = collector.Finish();
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_THAT(*files, SizeIs(3));
  EXPECT_EQ((*files)[1].name, "encoder.safetensors");
  EXPECT_EQ((*files)[1].bytes, (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e'}));
}

TEST(ChunkCollectorTest, ChunkOutOfPlaceIsDataLoss) {
  const std::vector<std::vector<v1::CodecChunk>> cases = {
      {Chunk("encoder.safetensors", 2, 0, "ab")},        // Not the first.
      {Chunk("../../etc/passwd", 2, 0, "ab")},           // A path.
      {Chunk("", 2, 0, "ab")},                           // No name.
      {kFirst, kFirst},                                  // Twice.
      {kFirst, Chunk("tables.safetensors", 1, 0, "t")},  // One left out.
      {Chunk("codec.json", 4, 1, "ab")},                 // A gap.
      {Chunk("codec.json", 4, ~uint64_t{0}, "ab")},      // A far gap.
      {Chunk("codec.json", 4, 0, "ab"),
       Chunk("codec.json", 4, 1, "bc")},  // An overlap.
      {Chunk("codec.json", 4, 0, "ab"),
       Chunk("codec.json", 9, 2, "cd")},  // Another size.
      {Chunk("codec.json", 4, 0, "ab"),
       Chunk("encoder.safetensors", 4, 0, "ab")},  // Too early.
      {Chunk("codec.json", 1, 0, "ab")},           // Too much.
      {Chunk("codec.json", 4, 0, "")},             // Nothing.
      {Chunk("codec.json", 0, 0, "")},
      {kFirst, Chunk("encoder.safetensors", 1, 0, "e"),
       Chunk("tables.safetensors", 1, 0, "t"),
       Chunk("decoder.safetensors", 1, 0, "d")}};  // A fourth.
  for (const std::vector<v1::CodecChunk>& chunks : cases) {
    ChunkCollector collector;
    EXPECT_EQ(AddAll(chunks, &collector).code(), absl::StatusCode::kDataLoss)
        << chunks.back().DebugString();
  }
}

TEST(ChunkCollectorTest, OversizedFilesAreRefusedBeforeTheyCome) {
  const uint64_t limit = artifact::kMaxDeviceHalfBytes;
  for (const std::vector<v1::CodecChunk>& chunks :
       {std::vector{Chunk("codec.json", limit + 1, 0, "{")},
        std::vector{Chunk("codec.json", ~uint64_t{0}, 0, "{")},
        std::vector{kFirst, Chunk("encoder.safetensors", limit - 1, 0, "e")},
        std::vector{kFirst,
                    Chunk("encoder.safetensors", ~uint64_t{0}, 0, "e")}}) {
    ChunkCollector collector;
    const absl::Status status = AddAll(chunks, &collector);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()), HasSubstr("67108864"));
  }
}

TEST(ChunkCollectorTest, EarlyEndIsDataLoss) {
  for (const std::vector<v1::CodecChunk>& chunks :
       {std::vector<v1::CodecChunk>{}, std::vector{kFirst},
        std::vector{Chunk("codec.json", 4, 0, "ab")},
        std::vector{kFirst, Chunk("encoder.safetensors", 1, 0, "e"),
                    Chunk("tables.safetensors", 2, 0, "t")}}) {
    ChunkCollector collector;
    ASSERT_TRUE(AddAll(chunks, &collector).ok());
    EXPECT_EQ(collector.Finish().status().code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace sluice::device
