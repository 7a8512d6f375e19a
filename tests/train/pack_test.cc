#include "models/train/data/pack.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/base/file_io.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "models/train/data/shard.h"
#include "tests/scratch_folder.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr int kSide = 32;

class PackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 8; ++i) {
      folder_.Write("in/" + std::to_string(i) + ".jpg",
                    MakeJpeg(60 + i, 48, i));
    }
    options_.inputs = {folder_ / "in"};
    options_.out = folder_ / "out";
    options_.view = {vision::ViewRule::Kind::kCrop, {kSide, kSide}};
  }

  std::vector<uint8_t> Bytes(const std::string& name) {
    return base::ReadFile(folder_ / name, 1 << 20).value();
  }

  std::string Refusal() {
    const auto report = PackPictures(options_);
    EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(report.status().message());
  }

  const testing::ScratchFolder folder_;
  PackOptions options_;
};

TEST_F(PackTest, EveryPictureBecomesOneRecord) {
  const auto report = PackPictures(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->num_packed, 8);
  EXPECT_EQ(report->num_held_out, 0);
  EXPECT_TRUE(report->skipped.empty());
  const Shard shard = Shard::Open(options_.out).value();
  EXPECT_EQ(shard.num_pictures(), 8);
  EXPECT_EQ(shard.height(), kSide);
  EXPECT_EQ(shard.width(), kSide);
}

TEST_F(PackTest, RecordsAreRedGreenBluePlanes) {
  options_.inputs = {folder_.Write("red.png", MakeRedPng(40, 40))};
  ASSERT_TRUE(PackPictures(options_).ok());
  const Shard shard = Shard::Open(options_.out).value();
  const auto picture = shard.picture(0);
  EXPECT_EQ(picture[0], 255);
  EXPECT_EQ(picture[kSide * kSide], 0);
  EXPECT_EQ(picture[2 * kSide * kSide], 0);
}

TEST_F(PackTest, TheSameSeedGivesTheSameShard) {
  ASSERT_TRUE(PackPictures(options_).ok());
  const std::vector<uint8_t> first = Bytes("out");
  ASSERT_TRUE(PackPictures(options_).ok());
  EXPECT_EQ(Bytes("out"), first);
  options_.seed = 2;
  ASSERT_TRUE(PackPictures(options_).ok());
  EXPECT_NE(Bytes("out"), first);
}

TEST_F(PackTest, HoldoutAndShardTogetherAreTheWholeOrder) {
  ASSERT_TRUE(PackPictures(options_).ok());
  const Shard whole = Shard::Open(options_.out).value();
  options_.out = folder_ / "rest";
  options_.num_holdout = 3;
  options_.holdout_out = folder_ / "held";
  const auto report = PackPictures(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->num_packed, 5);
  EXPECT_EQ(report->num_held_out, 3);
  const Shard rest = Shard::Open(folder_ / "rest").value();
  const Shard held = Shard::Open(folder_ / "held").value();
  for (int i = 0; i < 8; ++i) {
    const auto part = i < 3 ? held.picture(i) : rest.picture(i - 3);
    EXPECT_TRUE(std::ranges::equal(part, whole.picture(i))) << i;
  }
}

TEST_F(PackTest, TheLastByNameCanBeHeldOut) {
  options_.holdout = PackOptions::Holdout::kLast;
  options_.num_holdout = 2;
  options_.holdout_out = folder_ / "held";
  ASSERT_TRUE(PackPictures(options_).ok());
  const std::vector<uint8_t> held = Bytes("held");
  options_.seed = 9;
  ASSERT_TRUE(PackPictures(options_).ok());
  EXPECT_EQ(Bytes("held"), held);
}

TEST_F(PackTest, FilesThatAreNoPicturesAreNamedAndSkipped) {
  folder_.Write("in/notes.txt", "no picture");
  folder_.Write("in/empty.jpg", "");
  const auto report = PackPictures(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->num_packed, 8);
  EXPECT_THAT(report->skipped, UnorderedElementsAre(HasSubstr("notes.txt: "),
                                                    HasSubstr("empty.jpg: ")));
}

TEST_F(PackTest, NoInputIsRefused) {
  options_.inputs.clear();
  EXPECT_THAT(Refusal(), HasSubstr("at least one input"));
}

TEST_F(PackTest, AMissingInputIsNotFound) {
  options_.inputs = {folder_ / "none"};
  EXPECT_EQ(PackPictures(options_).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(PackTest, AViewOfVaryingSizeIsRefused) {
  options_.view.kind = vision::ViewRule::Kind::kFit;
  EXPECT_THAT(Refusal(), HasSubstr("found fit:32x32"));
}

TEST_F(PackTest, AHoldoutNeedsCountAndFile) {
  options_.num_holdout = 3;
  EXPECT_THAT(Refusal(), HasSubstr("both"));
  options_.num_holdout = 0;
  options_.holdout_out = folder_ / "held";
  EXPECT_THAT(Refusal(), HasSubstr("both"));
  options_.num_holdout = -1;
  EXPECT_THAT(Refusal(), HasSubstr("negative"));
}

TEST_F(PackTest, AHoldoutThatLeavesNothingIsRefused) {
  options_.num_holdout = 8;
  options_.holdout_out = folder_ / "held";
  EXPECT_THAT(Refusal(), HasSubstr("expected more than 8 pictures, found 8"));
}

TEST_F(PackTest, InputsWithoutPicturesAreRefused) {
  options_.inputs = {folder_.Write("notes.txt", "no picture")};
  EXPECT_THAT(Refusal(), HasSubstr("1 files are no pictures"));
}

}  // namespace
}  // namespace sluice::train
