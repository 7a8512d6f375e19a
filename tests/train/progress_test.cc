#include "models/train/data/progress.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ProgressTest, LinesComeEveryTenthPart) {
  std::ostringstream out;
  Progress progress("packing", 20, out, Progress::Style::kLines);
  for (int i = 1; i <= 6; ++i) progress.Update(i);
  EXPECT_EQ(out.str(), "packing: 2/20\npacking: 4/20\npacking: 6/20\n");
}

TEST(ProgressTest, ABarEndsItsLineWhenAllIsDone) {
  std::ostringstream out;
  Progress progress("packing", 2, out, Progress::Style::kBar);
  progress.Update(1);
  EXPECT_THAT(out.str(), HasSubstr("[####################......"));
  progress.Update(2);
  EXPECT_THAT(out.str(), EndsWith("] 2/2\n"));
}

TEST(ProgressTest, TimeLeftIsExtrapolated) {
  EXPECT_EQ(TimeLeft(std::chrono::seconds(30), 1, 2), ", 30 s left");
  EXPECT_EQ(TimeLeft(std::chrono::seconds(60), 100, 666), ", 6 min left");
}

TEST(ProgressTest, TimeLeftIsNotGuessed) {
  EXPECT_EQ(TimeLeft(std::chrono::seconds(4), 1, 2), "");
  EXPECT_EQ(TimeLeft(std::chrono::seconds(30), 0, 2), "");
  EXPECT_EQ(TimeLeft(std::chrono::seconds(30), 2, 2), "");
}

TEST(ProgressTest, NothingToDoIsHarmless) {
  std::ostringstream out;
  Progress progress("packing", 0, out, Progress::Style::kLines);
  progress.Update(0);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace sluice::train
