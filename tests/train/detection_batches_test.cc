#include "models/train/training/detection_batches.h"

#include <ATen/ATen.h>

#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/batches_testing.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::array<size_t, 1> kFirst = {0};
constexpr vision::Size kFrame = {96, 64};
constexpr int kBatchSize = 4;

Augmentation Scales(double min_scale, double max_scale) {
  return {.size = kFrame,
          .min_scale = min_scale,
          .max_scale = max_scale,
          .colour = 0.0};
}

struct Object {
  cv::Rect box;
  int is_crowd = 0;
};

class DetectionBatchesTest : public ::testing::Test {
 protected:
  // A picture per list of objects, red where its first object is.
  DetectionSet MakeSet(vision::Size size,
                       const std::vector<std::vector<Object>>& pictures) const {
    std::string images;
    std::string annotations;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const std::string name = absl::StrCat("images/", i, ".png");
      const cv::Rect red =
          pictures[i].empty() ? cv::Rect() : pictures[i].front().box;
      folder_.Write("set/" + name, MakeRedOnGreyPng(size, red));
      absl::StrAppend(&images, i == 0 ? "" : ", ", R"({"id": )", i,
                      R"(, "file_name": ")", i, R"(.png"})");
      for (const Object& object : pictures[i]) {
        absl::StrAppend(&annotations, annotations.empty() ? "" : ", ",
                        R"({"image_id": )", i, R"(, "category_id": 1, )",
                        R"("bbox": [)", object.box.x, ", ", object.box.y, ", ",
                        object.box.width, ", ", object.box.height,
                        R"(], "iscrowd": )", object.is_crowd, "}");
      }
    }
    folder_.Write(
        "set/annotations.json",
        absl::StrCat(R"({"images": [)", images, R"(], "annotations": [)",
                     annotations,
                     R"(], "categories": [{"id": 1, "name": "x"}]})"));
    absl::StatusOr<DetectionSet> set =
        DetectionSet::Open(folder_ / "set", "", std::vector<std::string>{"x"});
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }

  const testing::ScratchFolder folder_;
};

const float* Planes(const DetectionBatch& batch, int sample) {
  return batch.pictures[sample].data_ptr<float>();
}

// Within the box everything is red, outside of it everything grey; two pixels
// along its sides may be blends.
void ExpectRedIsInTheBox(const float* planes, const task::Box& box) {
  constexpr float kMargin = 1.5f;
  for (int y = 0; y < kFrame.height; ++y) {
    for (int x = 0; x < kFrame.width; ++x) {
      const float centre_x = static_cast<float>(x) + 0.5f;
      const float centre_y = static_cast<float>(y) + 0.5f;
      const Content content = ContentAt(planes, kFrame, x, y);
      if (centre_x > box.x_min + kMargin && centre_y > box.y_min + kMargin &&
          centre_x < box.x_max - kMargin && centre_y < box.y_max - kMargin) {
        EXPECT_EQ(content, Content::kRed) << x << ", " << y;
      }
      if (centre_x < box.x_min - kMargin || centre_y < box.y_min - kMargin ||
          centre_x > box.x_max + kMargin || centre_y > box.y_max + kMargin) {
        EXPECT_EQ(content, Content::kGrey) << x << ", " << y;
      }
    }
  }
}

TEST_F(DetectionBatchesTest, BoxesStayOnTheirObjects) {
  // Enlarged, shrunk a little, shrunk with averaged areas.
  for (const vision::Size size :
       {vision::Size{70, 50}, vision::Size{110, 90}, vision::Size{300, 170}}) {
    const cv::Rect red(size.width / 5, size.height / 3, size.width / 3,
                       size.height / 4);
    const DetectionSet set = MakeSet(size, {{{red}}});
    int num_boxes = 0;
    for (int index = 0; index < 12; ++index) {
      const auto batch = MakeDetectionBatch(set, kFirst, Scales(0.5, 2.0), 1,
                                            index, kBatchSize);
      ASSERT_TRUE(batch.ok()) << batch.status();
      for (int i = 0; i < kBatchSize; ++i) {
        if (batch->boxes[i].empty()) continue;
        ASSERT_THAT(batch->boxes[i], SizeIs(1));
        ExpectRedIsInTheBox(Planes(*batch, i), batch->boxes[i][0].box);
        ++num_boxes;
      }
    }
    EXPECT_GT(num_boxes, 24);
  }
}

TEST_F(DetectionBatchesTest, WhatMostlyLeftIsIgnoredAndThenGone) {
  // At twice the size of the frame an area of 60 x 50 is shown.
  const DetectionSet set = MakeSet({120, 100}, {{{{80, 60, 30, 40}}}});
  const Augmentation augmentation = {.size = {120, 100},
                                     .min_scale = 2.0,
                                     .max_scale = 2.0,
                                     .mirror = 0.5,
                                     .colour = 0.0};
  int num_found = 0;
  int num_ignored = 0;
  int num_gone = 0;
  for (int index = 0; index < 50; ++index) {
    const auto batch =
        MakeDetectionBatch(set, kFirst, augmentation, 3, index, kBatchSize);
    ASSERT_TRUE(batch.ok()) << batch.status();
    for (int i = 0; i < kBatchSize; ++i) {
      const double share =
          static_cast<double>(CountRed(Planes(*batch, i), augmentation.size)) /
          (30 * 40 * 4);
      constexpr double kBlended = 0.07;
      if (batch->boxes[i].empty()) {
        EXPECT_LT(share, 0.25);
        ++num_gone;
      } else if (batch->boxes[i][0].ignore) {
        EXPECT_GT(share, 0.25 - kBlended);
        EXPECT_LT(share, 0.5);
        ++num_ignored;
      } else {
        EXPECT_GT(share, 0.5 - kBlended);
        ++num_found;
      }
    }
  }
  EXPECT_GT(num_found, 5);
  EXPECT_GT(num_ignored, 5);
  EXPECT_GT(num_gone, 5);
}

TEST_F(DetectionBatchesTest, ABoxUnderAPixelIsGone) {
  const DetectionSet set = MakeSet(
      {192, 128}, {{{{20, 30, 1, 40}}, {{20, 30, 40, 1}}, {{21, 30, 2, 2}}}});
  const auto batch =
      MakeDetectionBatch(set, kFirst, Scales(1.0, 1.0), 1, 0, kBatchSize);
  ASSERT_TRUE(batch.ok()) << batch.status();
  for (const std::vector<GroundTruth>& boxes : batch->boxes) {
    ASSERT_THAT(boxes, SizeIs(1));
    EXPECT_EQ(boxes[0].box.x_max - boxes[0].box.x_min, 1.0f);
    EXPECT_EQ(boxes[0].box.y_min, 15.0f);
    EXPECT_FALSE(boxes[0].ignore);
  }
}

TEST_F(DetectionBatchesTest, AnIgnoredBoxStaysIgnored) {
  const DetectionSet set =
      MakeSet({96, 64}, {{{{20, 30, 10, 10}, 1}, {{0, 0, 96, 64}}}});
  const auto batch =
      MakeDetectionBatch(set, kFirst, Scales(1.0, 1.0), 1, 0, kBatchSize);
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_THAT(batch->boxes[0], SizeIs(2));
  EXPECT_TRUE(batch->boxes[0][0].ignore);
  EXPECT_FALSE(batch->boxes[0][1].ignore);
  EXPECT_EQ(batch->boxes[0][1].box.x_max, 96.0f);
}

TEST_F(DetectionBatchesTest, OnlyMembersAreDrawn) {
  const DetectionSet set =
      MakeSet({96, 64}, {{{{0, 0, 96, 64}}}, {}, {{{0, 0, 96, 64}}}});
  const std::array<size_t, 1> members = {1};
  const auto batch =
      MakeDetectionBatch(set, members, Scales(0.5, 2.0), 1, 0, 16);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->pictures.sizes(), (std::vector<int64_t>{16, 3, 64, 96}));
  EXPECT_EQ(batch->pictures.scalar_type(), at::kFloat);
  ASSERT_THAT(batch->boxes, SizeIs(16));
  for (int i = 0; i < 16; ++i) {
    EXPECT_THAT(batch->boxes[i], IsEmpty());
    EXPECT_EQ(CountRed(Planes(*batch, i), kFrame), 0u);
  }
}

TEST_F(DetectionBatchesTest, SeedAndIndexDecideABatch) {
  const DetectionSet set = MakeSet({96, 64}, {{{{20, 30, 30, 20}}}, {}});
  const std::array<size_t, 2> members = {0, 1};
  const auto make = [&](uint64_t seed, int64_t index, int size) {
    return MakeDetectionBatch(set, members, {.size = kFrame}, seed, index, size)
        .value();
  };
  const DetectionBatch batch = make(1, 2, 8);
  const DetectionBatch again = make(1, 2, 8);
  EXPECT_TRUE(batch.pictures.equal(again.pictures));
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(batch.boxes[i].size(), again.boxes[i].size());
    for (size_t j = 0; j < batch.boxes[i].size(); ++j) {
      EXPECT_EQ(batch.boxes[i][j].box.x_min, again.boxes[i][j].box.x_min);
    }
  }
  EXPECT_FALSE(batch.pictures.equal(make(1, 3, 8).pictures));
  EXPECT_FALSE(batch.pictures.equal(make(2, 2, 8).pictures));
  // Samples do not depend on how many there are.
  EXPECT_TRUE(batch.pictures.slice(0, 0, 3).equal(make(1, 2, 3).pictures));
}

TEST_F(DetectionBatchesTest, StrongColoursStayInRange) {
  const DetectionSet set = MakeSet({96, 64}, {{{{20, 30, 30, 20}}}});
  Augmentation augmentation = Scales(0.5, 2.0);
  augmentation.colour = 0.9;
  const auto batch = MakeDetectionBatch(set, kFirst, augmentation, 1, 0, 16);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_GE(batch->pictures.min().item<float>(), -1.0f);
  EXPECT_LE(batch->pictures.max().item<float>(), 1.0f);
}

TEST_F(DetectionBatchesTest, ADamagedPictureIsNamed) {
  const DetectionSet set = MakeSet({96, 64}, {{}, {}});
  folder_.Write("set/images/1.png", "no picture");
  const std::array<size_t, 2> members = {0, 1};
  const auto batch =
      MakeDetectionBatch(set, members, Scales(1.0, 1.0), 1, 0, 16);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(batch.status().message(), HasSubstr("images/1.png: "));
  EXPECT_TRUE(MakeDetectionBatch(set, kFirst, Scales(1.0, 1.0), 1, 0, 16).ok());
}

TEST_F(DetectionBatchesTest, AMissingPictureIsNamed) {
  const DetectionSet set = MakeSet({96, 64}, {{}});
  std::filesystem::remove(folder_ / "set/images/0.png");
  const auto batch =
      MakeDetectionBatch(set, kFirst, Scales(1.0, 1.0), 1, 0, kBatchSize);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(batch.status().message(), HasSubstr("images/0.png"));
}

TEST_F(DetectionBatchesTest, APictureThatItsBoxesDoNotFitIsNamed) {
  const DetectionSet set = MakeSet({96, 64}, {{{{20, 30, 30, 20}}}});
  folder_.Write("set/images/0.png", MakeRedOnGreyPng({40, 40}, {}));
  const auto batch =
      MakeDetectionBatch(set, kFirst, Scales(1.0, 1.0), 1, 0, kBatchSize);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(batch.status().message(), HasSubstr("images/0.png: expected"));
}

}  // namespace
}  // namespace sluice::train
