#include "device/view_mask.h"

#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using task::kNoClass;
using task::Mask;
using ::testing::Each;
using ::testing::ElementsAre;
using vision::Size;

// Classes 0, 1, 2, ... in the order of the pixels.
Mask Counted(int width, int height) {
  Mask mask{{width, height}, std::vector<uint8_t>(width * height)};
  std::iota(mask.classes.begin(), mask.classes.end(), uint8_t{0});
  return mask;
}

vision::Geometry GeometryOf(Size source, const char* rule) {
  return vision::MakeGeometry(source, vision::ParseViewRule(rule).value(), 32)
      .value();
}

TEST(ViewMaskTest, ViewOfTheWholePictureKeepsItsMask) {
  const Mask view = Counted(16, 12);
  for (const char* rule : {"fit:16x16", "fit:64x64", "fit:640x480"}) {
    const Mask mask = MaskToSource(view, GeometryOf({640, 480}, rule));
    EXPECT_EQ(mask.size, view.size) << rule;
    EXPECT_EQ(mask.classes, view.classes) << rule;
  }
}

TEST(ViewMaskTest, MaskOfACropHasItsPlaceInTheSource) {
  const Mask mask = MaskToSource(Counted(2, 2), GeometryOf({8, 4}, "crop:2"));
  EXPECT_EQ(mask.size, (Size{4, 2}));
  EXPECT_THAT(mask.classes, ElementsAre(kNoClass, 0, 1, kNoClass,  //
                                        kNoClass, 2, 3, kNoClass));
}

TEST(ViewMaskTest, CropWithAMarginIsUnseenAllAround) {
  const Mask mask = MaskToSource(Counted(2, 2), GeometryOf({4, 4}, "crop:2/4"));
  EXPECT_EQ(mask.size, (Size{4, 4}));
  EXPECT_EQ(mask.classes[4], kNoClass);
  EXPECT_EQ(mask.classes[5], 0);
  EXPECT_EQ(mask.classes[10], 3);
  EXPECT_EQ(mask.classes[15], kNoClass);
}

TEST(ViewMaskTest, MaskOfAnEnlargedViewIsNoLargerThanTheSource) {
  const Mask view{{64, 32}, std::vector<uint8_t>(64 * 32, 5)};
  const Mask mask = MaskToSource(view, GeometryOf({4, 2}, "fit:64x64"));
  EXPECT_EQ(mask.size, (Size{4, 2}));
  EXPECT_THAT(mask.classes, Each(5));
}

TEST(ViewMaskTest, ExtremeShapesHaveAMask) {
  for (const Size source : {Size{1, 16384}, Size{16384, 1}, Size{1, 1}}) {
    for (const char* rule : {"crop:1", "crop:224", "fit:256x256"}) {
      const vision::Geometry geometry = GeometryOf(source, rule);
      const Size view = geometry.valid;
      const Mask mask = MaskToSource(
          {view, std::vector<uint8_t>(view.width * view.height)}, geometry);
      EXPECT_GE(mask.size.width, 1);
      EXPECT_LE(mask.size.width, source.width);
      EXPECT_GE(mask.size.height, 1);
      EXPECT_LE(mask.size.height, source.height);
      EXPECT_EQ(mask.classes.size(),
                static_cast<size_t>(mask.size.width) * mask.size.height);
    }
  }
}

}  // namespace
}  // namespace sluice::device
