#include "models/train/training/fcos_assignment.h"

#include <gmock/gmock.h>

#include <map>

namespace sluice::train {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Rows of positions of a square input, level by level.
std::vector<FcosPosition> Positions(int side, const std::vector<int>& strides) {
  std::vector<FcosPosition> positions;
  for (const int stride : strides) {
    const float s = static_cast<float>(stride);
    for (int row = 0; row < side / stride; ++row) {
      for (int column = 0; column < side / stride; ++column) {
        positions.push_back({.x = (static_cast<float>(column) + 0.5f) * s,
                             .y = (static_cast<float>(row) + 0.5f) * s,
                             .stride = s});
      }
    }
  }
  return positions;
}

GroundTruth Object(float x_min, float y_min, float x_max, float y_max) {
  return {.box = {x_min, y_min, x_max, y_max}};
}

GroundTruth Ignored(float x_min, float y_min, float x_max, float y_max) {
  return {.box = {x_min, y_min, x_max, y_max}, .ignore = true};
}

std::vector<int> Where(const std::vector<int>& answers, int answer) {
  std::vector<int> found;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] == answer) found.push_back(static_cast<int>(i));
  }
  return found;
}

// Four by four positions at 4, 12, 20 and 28.
std::vector<int> AssignOn4x4(const std::vector<GroundTruth>& truths) {
  return AssignPositions(Positions(32, {8}), truths);
}

TEST(FcosAssignmentTest, PositionsInsideASmallBoxAnswer) {
  const auto answers = AssignOn4x4({Object(10, 10, 30, 22)});
  EXPECT_THAT(Where(answers, 0), ElementsAre(5, 6, 7, 9, 10, 11));
  EXPECT_EQ(Where(answers, kNoObject).size(), 10u);
}

TEST(FcosAssignmentTest, OnlyTheCentreOfALargeBoxAnswers) {
  const auto answers =
      AssignPositions(Positions(64, {8}), std::vector{Object(0, 0, 64, 64)});
  EXPECT_THAT(Where(answers, 0), ElementsAre(27, 28, 35, 36));
}

TEST(FcosAssignmentTest, TheBoxsEdgeIsOutside) {
  EXPECT_THAT(Where(AssignOn4x4({Object(12, 11, 20.5f, 21)}), 0),
              ElementsAre(6, 10));
}

TEST(FcosAssignmentTest, TheSmallestObjectWinsWhateverTheOrder) {
  const GroundTruth large = Object(0, 0, 32, 32), small = Object(0, 0, 16, 16);
  const auto answers = AssignOn4x4({large, small});
  EXPECT_THAT(Where(answers, 0), ElementsAre(6, 9, 10));
  EXPECT_THAT(Where(answers, 1), ElementsAre(0, 1, 4, 5));
  const auto swapped = AssignOn4x4({small, large});
  EXPECT_EQ(Where(swapped, 0), Where(answers, 1));
  EXPECT_EQ(Where(swapped, 1), Where(answers, 0));
}

TEST(FcosAssignmentTest, EquallySmallObjectsGoByTheirOrder) {
  const auto answers =
      AssignOn4x4({Object(0, 0, 16, 16), Object(0, 0, 16, 16)});
  EXPECT_THAT(Where(answers, 0), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(Where(answers, 1), IsEmpty());
}

TEST(FcosAssignmentTest, TheLongerSideChoosesTheLevel) {
  const auto positions = Positions(512, {8, 16, 32});
  const std::map<float, float> stride_of_side = {
      {10, 8}, {64, 8}, {65, 16}, {128, 16}, {129, 32}, {256, 32}, {500, 32}};
  for (const auto& [side, stride] : stride_of_side) {
    for (const GroundTruth& truth :
         {Object(5, 5, 5 + side, 15), Object(5, 5, 15, 5 + side)}) {
      const auto found =
          Where(AssignPositions(positions, std::vector{truth}), 0);
      EXPECT_FALSE(found.empty()) << side;
      for (const int i : found) EXPECT_EQ(positions[i].stride, stride) << side;
    }
  }
}

TEST(FcosAssignmentTest, NoObjectIsTooLargeForTheOnlyLevel) {
  EXPECT_THAT(Where(AssignOn4x4({Object(-500, -500, 532, 532)}), 0),
              ElementsAre(5, 6, 9, 10));
}

TEST(FcosAssignmentTest, AnObjectBetweenPositionsGoesToTheNearest) {
  EXPECT_THAT(Where(AssignOn4x4({Object(22, 6, 24, 8)}), 0), ElementsAre(2));
  // Of equally near ones, the first.
  EXPECT_THAT(Where(AssignOn4x4({Object(12, 12, 20, 20)}), 0), ElementsAre(5));
}

TEST(FcosAssignmentTest, TheNearestPositionStaysWithASmallerObject) {
  const auto answers =
      AssignOn4x4({Object(22, 6, 24, 8), Object(21, 5, 22, 6)});
  EXPECT_THAT(Where(answers, 0), IsEmpty());
  EXPECT_THAT(Where(answers, 1), ElementsAre(2));
}

TEST(FcosAssignmentTest, AnObjectBesideThePictureGoesToItsBorder) {
  EXPECT_THAT(Where(AssignOn4x4({Object(40, 24, 50, 30)}), 0), ElementsAre(15));
}

TEST(FcosAssignmentTest, PositionsInAnIgnoredBoxCountNeitherWayOnAnyLevel) {
  const auto answers = AssignPositions(Positions(32, {8, 16}),
                                       std::vector{Ignored(0, 0, 16, 16)});
  EXPECT_THAT(Where(answers, kNeitherWay), ElementsAre(0, 1, 4, 5, 16));
  EXPECT_EQ(Where(answers, kNoObject).size(), 15u);
}

TEST(FcosAssignmentTest, AnObjectKeepsItsPositionsInAnIgnoredBox) {
  const auto answers =
      AssignOn4x4({Ignored(0, 0, 16, 16), Object(9, 0, 15, 32)});
  EXPECT_THAT(Where(answers, kNeitherWay), ElementsAre(0, 1, 4));
  EXPECT_THAT(Where(answers, 1), ElementsAre(5, 9));
}

TEST(FcosAssignmentTest, EmptyBoxesAreNoObjects) {
  const auto answers = AssignOn4x4(
      {Object(10, 10, 10, 20), Object(10, 10, 20, 10), Object(20, 20, 10, 10),
       Object(4, 4, 4, 4), Ignored(4, 4, 4, 4)});
  EXPECT_THAT(answers, Each(kNoObject));
}

TEST(FcosAssignmentTest, HugeBoxesDoNotOverflow) {
  const auto answers = AssignOn4x4({Object(-3e38f, -3e38f, 3e38f, 3e38f),
                                    Object(-2e38f, -3e38f, 2e38f, 3e38f)});
  EXPECT_THAT(Where(answers, 0), IsEmpty());
  EXPECT_THAT(Where(answers, 1), ElementsAre(0));
}

TEST(FcosAssignmentTest, NothingToFind) {
  EXPECT_THAT(AssignOn4x4({}), Each(kNoObject));
}

TEST(FcosAssignmentTest, NowhereToLook) {
  EXPECT_THAT(AssignPositions({}, std::vector{Object(0, 0, 8, 8)}), IsEmpty());
}

}  // namespace
}  // namespace sluice::train
