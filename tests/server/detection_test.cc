#include "server/detection.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kLabels = {"bolt", "nut"};

// A view of 100 x 100 in an input of 128 x 128, of a source twice its size.
vision::Geometry Halved() {
  return {.source = {200, 200},
          .scale_x = 2,
          .scale_y = 2,
          .valid = {100, 100},
          .padded = {128, 128}};
}

absl::StatusOr<v1::Detection> Detect(const std::vector<float>& scores,
                                     const std::vector<float>& boxes,
                                     float threshold = 0.0f) {
  return DetectObjects(scores, boxes, kLabels, Halved(), threshold);
}

TEST(DetectionTest, BoxesAreLabelledBestFirstInSourcePixels) {
  const auto result =
      Detect({0.5f, 0.1f, 0.2f, 0.75f}, {0, 0, 10, 10, 20, 30, 40, 60});
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->boxes_size(), 2);
  const v1::Detection::Box& best = result->boxes(0);
  EXPECT_EQ(best.index(), 1u);
  EXPECT_EQ(best.label(), "nut");
  EXPECT_EQ(best.score(), 0.75f);
  EXPECT_EQ(best.x_min(), 40);
  EXPECT_EQ(best.y_min(), 60);
  EXPECT_EQ(best.x_max(), 80);
  EXPECT_EQ(best.y_max(), 120);
  EXPECT_EQ(result->boxes(1).label(), "bolt");
}

TEST(DetectionTest, WithoutAThresholdBoxesStartAtOneHalf) {
  const std::vector<float> boxes = {0, 0, 10, 10, 20, 30, 40, 60};
  const std::vector<float> scores = {0.5f, 0.0f, 0.49f, 0.0f};
  EXPECT_EQ(Detect(scores, boxes)->boxes_size(), 1);
  EXPECT_EQ(Detect(scores, boxes, 0.1f)->boxes_size(), 2);
  EXPECT_EQ(Detect(scores, boxes, 0.6f)->boxes_size(), 0);
}

TEST(DetectionTest, PaddingIsCutOff) {
  const auto result =
      Detect({0.9f, 0, 0.8f, 0}, {90, 90, 128, 128, 101, 101, 128, 128});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->boxes_size(), 1);
  EXPECT_EQ(result->boxes(0).x_min(), 180);
  EXPECT_EQ(result->boxes(0).x_max(), 200);
  EXPECT_EQ(result->boxes(0).y_max(), 200);
}

TEST(DetectionTest, OfTwoBoxesOfAClassOnOneSpotTheBetterStays) {
  const auto result =
      Detect({0.9f, 0, 0.8f, 0.7f}, {0, 0, 50, 50, 0, 0, 50, 49});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->boxes_size(), 2);
  EXPECT_EQ(result->boxes(0).label(), "bolt");
  EXPECT_EQ(result->boxes(1).label(), "nut");
}

TEST(DetectionTest, AtMostAHundredBoxes) {
  std::vector<float> scores;
  std::vector<float> boxes;
  for (int i = 0; i < 150; ++i) {
    const auto x = static_cast<float>(i % 15 * 6);
    const auto y = static_cast<float>(i / 15 * 6);
    scores.insert(scores.end(), {0.9f, 0.0f});
    boxes.insert(boxes.end(), {x, y, x + 5, y + 5});
  }
  const auto result = Detect(scores, boxes);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->boxes_size(), kMaxBoxes);
}

TEST(DetectionTest, ScoreAboveOneIsInternal) {
  const absl::Status status = Detect({0.9f, 1.5f}, {0, 0, 10, 10}).status();
  EXPECT_EQ(status,
            absl::InternalError("a box has the score 1.5, expected at most 1"));
}

TEST(DetectionTest, NanAndInfinityAreInternal) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const absl::Status score = Detect({nan, 0}, {0, 0, 10, 10}).status();
  EXPECT_EQ(score.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(score.message()), HasSubstr("scores[0,0]"));
  const absl::Status box = Detect({0.9f, 0}, {0, 0, HUGE_VALF, 10}).status();
  EXPECT_EQ(box.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(box.message()), HasSubstr("boxes[0,2]"));
}

}  // namespace
}  // namespace sluice::server
