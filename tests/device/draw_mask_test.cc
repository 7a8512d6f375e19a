#include "device/draw_mask.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "device/palette.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using task::kNoClass;
using task::Mask;

cv::Mat Draw(const Mask& mask, int width, int height) {
  cv::Mat canvas(height, width, CV_8UC3, cv::Scalar::all(128));
  DrawMask(mask, canvas);
  return canvas;
}

Mask Uniform(int width, int height, uint8_t class_index) {
  return {
      {width, height},
      std::vector<uint8_t>(static_cast<size_t>(width) * height, class_index)};
}

cv::Vec3b BlendedWithGrey(int class_index) {
  const cv::Scalar color =
      0.45 * ClassColor(class_index) + 0.55 * cv::Scalar::all(128);
  return cv::Vec3b(cv::saturate_cast<uint8_t>(color[0]),
                   cv::saturate_cast<uint8_t>(color[1]),
                   cv::saturate_cast<uint8_t>(color[2]));
}

void ExpectNear(const cv::Vec3b& found, const cv::Vec3b& expected) {
  for (int c = 0; c < 3; ++c) {
    EXPECT_LE(std::abs(found[c] - expected[c]), 1) << found << expected;
  }
}

TEST(DrawMaskTest, ClassIsBlendedAt45Percent) {
  const cv::Mat canvas = Draw(Uniform(40, 30, 7), 40, 30);
  ExpectNear(canvas.at<cv::Vec3b>(0, 0), BlendedWithGrey(7));
  ExpectNear(canvas.at<cv::Vec3b>(29, 39), BlendedWithGrey(7));
}

TEST(DrawMaskTest, PixelsWithoutAClassStay) {
  Mask mask = Uniform(40, 30, kNoClass);
  for (int x = 0; x < 40; ++x) mask.classes[x] = 2;
  const cv::Mat canvas = Draw(mask, 40, 30);
  EXPECT_NE(canvas.at<cv::Vec3b>(0, 20), cv::Vec3b::all(128));
  for (int y = 1; y < 30; ++y) {
    for (int x = 0; x < 40; ++x) {
      ASSERT_EQ(canvas.at<cv::Vec3b>(y, x), cv::Vec3b::all(128));
    }
  }
}

TEST(DrawMaskTest, SmallerMaskIsStretchedWithoutMixingClasses) {
  const cv::Mat canvas = Draw({{2, 1}, {0, 1}}, 100, 50);
  for (const int y : {0, 49}) {
    for (const int x : {0, 48}) {
      ExpectNear(canvas.at<cv::Vec3b>(y, x), BlendedWithGrey(0));
    }
    for (const int x : {51, 99}) {
      ExpectNear(canvas.at<cv::Vec3b>(y, x), BlendedWithGrey(1));
    }
  }
}

TEST(DrawMaskTest, LineIsDrawnWhereClassesMeet) {
  const cv::Mat canvas = Draw({{2, 1}, {0, 1}}, 100, 50);
  EXPECT_NE(canvas.at<cv::Vec3b>(25, 49), canvas.at<cv::Vec3b>(25, 10));
}

TEST(DrawMaskTest, LineIsWiderOnALargeCanvas) {
  const cv::Mat canvas = Draw({{2, 1}, {0, 1}}, 4000, 3000);
  const cv::Vec3b fill = canvas.at<cv::Vec3b>(1500, 10);
  EXPECT_NE(canvas.at<cv::Vec3b>(1500, 1997), fill);
  EXPECT_EQ(canvas.at<cv::Vec3b>(1500, 1980), fill);
}

TEST(DrawMaskTest, AnyCanvasWillDo) {
  for (const vision::Size size :
       {vision::Size{1, 1}, vision::Size{1, 500}, vision::Size{500, 1}}) {
    const cv::Mat canvas = Draw(Uniform(30, 30, 1), size.width, size.height);
    ExpectNear(canvas.at<cv::Vec3b>(0, 0), BlendedWithGrey(1));
  }
}

TEST(DrawMaskTest, EveryClassNumberHasAColor) {
  ExpectNear(Draw(Uniform(4, 4, 254), 4, 4).at<cv::Vec3b>(0, 0),
             BlendedWithGrey(254));
}

}  // namespace
}  // namespace sluice::device
