#include "models/train/training/segmentation_batches.h"

#include <ATen/ATen.h>

#include <array>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/batches_testing.h"
#include "tests/train/index_png_testing.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

constexpr std::array<size_t, 1> kFirst = {0};
constexpr vision::Size kFrame = {96, 64};
constexpr int kBatchSize = 4;

Augmentation Scales(double min_scale, double max_scale) {
  return {.size = kFrame,
          .min_scale = min_scale,
          .max_scale = max_scale,
          .colour = 0.0};
}

class SegmentationBatchesTest : public ::testing::Test {
 protected:
  void Write(const std::string& stem, vision::Size size, const cv::Rect& red,
             const std::vector<uint8_t>& mask) const {
    folder_.Write("set/images/" + stem + ".png", MakeRedOnGreyPng(size, red));
    folder_.Write("set/masks/" + stem + ".png",
                  MakePng(size.width, size.height, mask, {}));
  }
  // Class 1 is where red is, class 0 elsewhere.
  void WriteRed(const std::string& stem, vision::Size size,
                const cv::Rect& red) const {
    std::vector<uint8_t> mask(static_cast<size_t>(size.width) * size.height);
    for (int y = red.y; y < red.y + red.height; ++y) {
      for (int x = red.x; x < red.x + red.width; ++x) {
        mask[static_cast<size_t>(y) * size.width + x] = 1;
      }
    }
    Write(stem, size, red, mask);
  }
  SegmentationSet Open() const {
    absl::StatusOr<SegmentationSet> set =
        SegmentationSet::Open(folder_ / "set", "", {.num_classes = 3});
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }

  const testing::ScratchFolder folder_;
};

// The class that all pixels up to two away share, or -1.
int64_t ClassAround(const int64_t* classes, int x, int y) {
  const int64_t first = classes[y * kFrame.width + x];
  for (int row = y - 2; row <= y + 2; ++row) {
    for (int column = x - 2; column <= x + 2; ++column) {
      if (classes[row * kFrame.width + column] != first) return -1;
    }
  }
  return first;
}

TEST_F(SegmentationBatchesTest, MasksStayOnTheirObjects) {
  // Enlarged, shrunk a little, shrunk with averaged areas.
  for (const vision::Size size :
       {vision::Size{70, 50}, vision::Size{110, 90}, vision::Size{300, 170}}) {
    WriteRed(
        "a", size,
        {size.width / 5, size.height / 3, size.width / 3, size.height / 4});
    const SegmentationSet set = Open();
    int num_red = 0;
    for (int index = 0; index < 12; ++index) {
      const auto batch = MakeSegmentationBatch(set, kFirst, Scales(0.5, 2.0), 1,
                                               index, kBatchSize);
      ASSERT_TRUE(batch.ok()) << batch.status();
      for (int i = 0; i < kBatchSize; ++i) {
        const float* planes = batch->pictures[i].data_ptr<float>();
        const int64_t* classes = batch->classes[i].data_ptr<int64_t>();
        for (int y = 2; y < kFrame.height - 2; ++y) {
          for (int x = 2; x < kFrame.width - 2; ++x) {
            const int64_t around = ClassAround(classes, x, y);
            if (around < 0) continue;
            ASSERT_EQ(ContentAt(planes, kFrame, x, y),
                      around == 1 ? Content::kRed : Content::kGrey)
                << x << ", " << y << " of sample " << i << " of " << index;
            if (around == 1) ++num_red;
          }
        }
      }
    }
    EXPECT_GT(num_red, 1000);
  }
}

TEST_F(SegmentationBatchesTest, NothingToVaryReproducesTheMask) {
  std::vector<uint8_t> mask(static_cast<size_t>(kFrame.width) * kFrame.height);
  for (size_t i = 0; i < mask.size(); ++i) {
    const std::array<uint8_t, 4> values = {0, 1, 2, task::kNoClass};
    mask[i] = values[i * 7 / 5 % values.size()];
  }
  Write("a", kFrame, {}, mask);
  Augmentation augmentation = Scales(1.0, 1.0);
  augmentation.mirror = 0.0;
  const auto batch =
      MakeSegmentationBatch(Open(), kFirst, augmentation, 1, 0, 1);
  ASSERT_TRUE(batch.ok()) << batch.status();
  const int64_t* classes = batch->classes.data_ptr<int64_t>();
  EXPECT_EQ(std::vector<uint8_t>(classes, classes + mask.size()), mask);
}

TEST_F(SegmentationBatchesTest, OutsideOfTheSourceNothingCounts) {
  WriteRed("a", kFrame, {0, 0, kFrame.width, kFrame.height});
  const auto batch =
      MakeSegmentationBatch(Open(), kFirst, Scales(0.5, 0.5), 1, 0, 16);
  ASSERT_TRUE(batch.ok()) << batch.status();
  for (int i = 0; i < 16; ++i) {
    const at::Tensor classes = batch->classes[i];
    EXPECT_EQ((classes == 1).sum().item<int64_t>(), 48 * 32);
    EXPECT_EQ((classes == task::kNoClass).sum().item<int64_t>(), 3 * 48 * 32);
    // The picture goes on with its edges.
    EXPECT_EQ(CountRed(batch->pictures[i].data_ptr<float>(), kFrame),
              4u * 48 * 32);
  }
}

TEST_F(SegmentationBatchesTest, OnlyMembersAreDrawn) {
  WriteRed("a", kFrame, {0, 0, kFrame.width, kFrame.height});
  WriteRed("b", kFrame, {});
  const std::array<size_t, 1> members = {1};
  const auto batch =
      MakeSegmentationBatch(Open(), members, Scales(1.0, 2.0), 1, 0, 16);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->pictures.sizes(), (std::vector<int64_t>{16, 3, 64, 96}));
  EXPECT_EQ(batch->classes.sizes(), (std::vector<int64_t>{16, 64, 96}));
  EXPECT_EQ(batch->classes.max().item<int64_t>(), 0);
}

TEST_F(SegmentationBatchesTest, SeedAndIndexDecideABatch) {
  WriteRed("a", kFrame, {20, 20, 30, 20});
  WriteRed("b", kFrame, {40, 10, 10, 50});
  const SegmentationSet set = Open();
  const std::array<size_t, 2> members = {0, 1};
  const auto make = [&](uint64_t seed, int64_t index) {
    return MakeSegmentationBatch(set, members, {.size = kFrame}, seed, index, 8)
        .value();
  };
  const SegmentationBatch batch = make(1, 2);
  EXPECT_TRUE(batch.pictures.equal(make(1, 2).pictures));
  EXPECT_TRUE(batch.classes.equal(make(1, 2).classes));
  EXPECT_FALSE(batch.classes.equal(make(1, 3).classes));
  EXPECT_FALSE(batch.classes.equal(make(2, 2).classes));
}

TEST_F(SegmentationBatchesTest, ADamagedPictureIsNamed) {
  WriteRed("a", kFrame, {});
  WriteRed("b", kFrame, {});
  const SegmentationSet set = Open();
  folder_.Write("set/images/b.png", "no picture");
  const std::array<size_t, 2> members = {0, 1};
  const auto batch =
      MakeSegmentationBatch(set, members, Scales(1.0, 1.0), 1, 0, 16);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(batch.status().message(), HasSubstr("images/b.png: "));
  EXPECT_TRUE(
      MakeSegmentationBatch(set, kFirst, Scales(1.0, 1.0), 1, 0, 16).ok());
}

TEST_F(SegmentationBatchesTest, AMaskWithAnUnknownClassIsNamed) {
  Write("a", {2, 1}, {}, {0, 3});
  const auto batch =
      MakeSegmentationBatch(Open(), kFirst, Scales(1.0, 1.0), 1, 0, kBatchSize);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(batch.status().message(), HasSubstr("masks/a.png: expected"));
}

TEST_F(SegmentationBatchesTest, AMaskOfAnotherSizeIsNamed) {
  WriteRed("a", kFrame, {});
  folder_.Write("set/images/a.png", MakeRedOnGreyPng({64, 96}, {}));
  const auto batch =
      MakeSegmentationBatch(Open(), kFirst, Scales(1.0, 1.0), 1, 0, kBatchSize);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(batch.status().message(), HasSubstr("masks/a.png"));
}

}  // namespace
}  // namespace sluice::train
