#include "device/tail_result.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using ::testing::IsEmpty;

TEST(TailResultTest, SharesAreOfThePixelsThatHaveAClass) {
  const std::vector<ClassShare> shares =
      SharesOf({{3, 2}, {7, 2, 7, task::kNoClass, 7, task::kNoClass}});
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares[0].class_index, 7);
  EXPECT_EQ(shares[0].share, 0.75);
  EXPECT_EQ(shares[1].class_index, 2);
  EXPECT_EQ(shares[1].share, 0.25);
}

TEST(TailResultTest, EqualSharesAreInTheOrderOfTheClasses) {
  const std::vector<ClassShare> shares = SharesOf({{2, 1}, {254, 0}});
  EXPECT_EQ(shares[0].class_index, 0);
  EXPECT_EQ(shares[1].class_index, 254);
}

TEST(TailResultTest, MaskWithoutAnyClassHasNoShares) {
  EXPECT_THAT(SharesOf({{1, 1}, {task::kNoClass}}), IsEmpty());
  EXPECT_THAT(SharesOf({}), IsEmpty());
}

TEST(TailResultTest, ClassWithoutALabelIsANumber) {
  const std::vector<std::string> labels = {"sky"};
  EXPECT_EQ(ClassName(labels, 0), "sky");
  EXPECT_EQ(ClassName(labels, 1), "class 1");
}

}  // namespace
}  // namespace sluice::device
