// New tables for a codec from the symbols of other pictures.
#include "models/train/tools/retable.h"

#include <random>

#include "common/artifact/codec_artifact.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/data/shard.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RetableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(testing::WriteTinyCodec(folder_ / "codec", 1).ok());
  }

  // Random pictures of one shade and its neighbours each.
  fs::path MakeShard(const char* name, int side, int num_pictures) {
    auto writer = ShardWriter::Create(folder_ / name, side, side);
    EXPECT_TRUE(writer.ok()) << writer.status();
    std::mt19937 random(7);
    std::uniform_int_distribution<int> shade(0, 200);
    std::uniform_int_distribution<int> noise(0, 55);
    for (int i = 0; i < num_pictures; ++i) {
      const int base = shade(random);
      std::vector<uint8_t> picture(size_t{3} * side * side);
      for (uint8_t& pixel : picture) {
        pixel = static_cast<uint8_t>(base + noise(random));
      }
      EXPECT_TRUE(writer->Append(picture).ok());
    }
    EXPECT_TRUE(writer->Finish().ok());
    return folder_ / name;
  }

  artifact::CodecArtifact Load(const char* name) const {
    auto codec =
        artifact::LoadCodec(folder_ / name, artifact::CodecHalf::kBoth);
    EXPECT_TRUE(codec.ok()) << codec.status();
    return *std::move(codec);
  }

  const testing::ScratchFolder folder_;
};

TEST_F(RetableTest, TablesChangeAndWeightsAndGainsStay) {
  const auto report = RetableCodec({.codec = folder_ / "codec",
                                    .data = MakeShard("data", 80, 20),
                                    .out = folder_ / "new",
                                    .check = {}});
  ASSERT_TRUE(report.ok()) << report.status();
  const artifact::CodecArtifact before = Load("codec");
  const artifact::CodecArtifact after = Load("new");
  EXPECT_NE(after.id, before.id);
  EXPECT_THAT(*report, HasSubstr(after.id));
  EXPECT_THAT(*report, HasSubstr(before.id));
  ASSERT_EQ(after.encoder.size(), before.encoder.size());
  for (const auto& [name, tensor] : before.encoder) {
    EXPECT_EQ(after.encoder.at(name).bytes, tensor.bytes) << name;
  }
  for (int rate = 0; rate < before.tables.num_rates(); ++rate) {
    for (int c = 0; c < before.tables.num_channels(); ++c) {
      EXPECT_EQ(after.tables.rate(rate)[c].gain,
                before.tables.rate(rate)[c].gain);
      EXPECT_EQ(after.tables.rate(rate)[c].median,
                before.tables.rate(rate)[c].median);
    }
  }
}

TEST_F(RetableTest, TheSameSymbolsGiveTheSameTables) {
  const fs::path data = MakeShard("data", 64, 20);
  ASSERT_TRUE(RetableCodec({folder_ / "codec", data, folder_ / "a", {}}).ok());
  ASSERT_TRUE(RetableCodec({folder_ / "a", data, folder_ / "b", {}}).ok());
  EXPECT_EQ(Load("a").id, Load("b").id);
}

TEST_F(RetableTest, CheckReportsEveryRate) {
  const fs::path data = MakeShard("data", 64, 20);
  const auto report =
      RetableCodec({folder_ / "codec", data, folder_ / "new", data});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(*report, HasSubstr("unquantized fit B"));
}

TEST_F(RetableTest, PicturesBelowTheCodecsMultipleAreRefused) {
  const auto report = RetableCodec(
      {folder_ / "codec", MakeShard("data", 31, 2), folder_ / "new", {}});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("31x31"));
  EXPECT_FALSE(fs::exists(folder_ / "new"));
}

TEST_F(RetableTest, AMissingShardIsNotFound) {
  EXPECT_EQ(
      RetableCodec({folder_ / "codec", folder_ / "none", folder_ / "new", {}})
          .status()
          .code(),
      absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
