#include "common/base/float_tensor.h"

#include "gtest/gtest.h"

namespace sluice::base {
namespace {

TEST(FloatTensorTest, NumElementsIsTheProduct) {
  EXPECT_EQ(NumElements({3, 224, 224}), 150528u);
  EXPECT_EQ(NumElements({1, 0, 7}), 0u);
}

TEST(FloatTensorTest, AScalarHasOneElement) { EXPECT_EQ(NumElements({}), 1u); }

TEST(FloatTensorTest, ShapesPrintInBrackets) {
  EXPECT_EQ(ShapeToString({3, 224, 224}), "[3,224,224]");
  EXPECT_EQ(ShapeToString({-1}), "[-1]");
  EXPECT_EQ(ShapeToString({}), "[]");
}

}  // namespace
}  // namespace sluice::base
