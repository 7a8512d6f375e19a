#include "models/train/report/plot_labels.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

constexpr PlotBox kArea = {0, 0, 400, 300};

bool Overlap(const PlotBox& a, const PlotBox& b) {
  return a.left < b.left + b.width && b.left < a.left + a.width &&
         a.top < b.top + b.height && b.top < a.top + a.height;
}

TEST(PlotLabelsTest, ALoneLineIsNamedRightOfItsEnd) {
  const auto boxes = PlaceLabels({{{{50, 200}, {150, 100}}, 40, 12}}, kArea);
  ASSERT_EQ(boxes.size(), 1u);
  ASSERT_TRUE(boxes[0].has_value());
  EXPECT_GT(boxes[0]->left, 150);
  EXPECT_DOUBLE_EQ(boxes[0]->top, 94);
  EXPECT_DOUBLE_EQ(boxes[0]->width, 40);
}

TEST(PlotLabelsTest, LabelsOfLinesWithOneEndDoNotOverlap) {
  std::vector<LabelledLine> lines;
  for (int i = 0; i < 12; ++i) {
    lines.push_back({{{20.0 + 5 * i, 250}, {350, 40}}, 70, 12});
  }
  const auto boxes = PlaceLabels(lines, kArea);
  size_t num_placed = 0;
  for (size_t i = 0; i < boxes.size(); ++i) {
    if (!boxes[i].has_value()) continue;
    ++num_placed;
    EXPECT_GE(boxes[i]->left, 0);
    EXPECT_LE(boxes[i]->left + 70, 400);
    for (size_t j = 0; j < i; ++j) {
      if (boxes[j].has_value()) {
        EXPECT_FALSE(Overlap(*boxes[i], *boxes[j])) << i << " and " << j;
      }
    }
  }
  EXPECT_GE(num_placed, 2u);
}

TEST(PlotLabelsTest, KeepsClearOfAnotherLine) {
  // The second line runs through the place right of the first one's end.
  const auto boxes = PlaceLabels(
      {{{{50, 100}, {150, 100}}, 40, 12}, {{{180, 0}, {180, 300}}, 10, 12}},
      kArea);
  ASSERT_TRUE(boxes[0].has_value());
  EXPECT_TRUE(boxes[0]->left + 40 < 180 || boxes[0]->left > 180);
}

TEST(PlotLabelsTest, ALabelTooLargeForTheAreaHasNoPlace) {
  const auto boxes = PlaceLabels({{{{50, 100}}, 1000, 12}}, kArea);
  EXPECT_FALSE(boxes[0].has_value());
}

TEST(PlotLabelsTest, ALineWithoutPositionsHasNoPlace) {
  const auto boxes = PlaceLabels({{{}, 40, 12}}, kArea);
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_FALSE(boxes[0].has_value());
}

}  // namespace
}  // namespace sluice::train
