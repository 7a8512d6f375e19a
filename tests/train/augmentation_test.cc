#include "models/train/training/augmentation.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

#include "common/vision/picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::FloatNear;
using ::testing::Ge;
using ::testing::Le;

constexpr int kNumDraws = 300;

vision::Picture Noise(vision::Size size) {
  vision::Picture picture{cv::Mat(size.height, size.width, CV_8UC3)};
  cv::RNG random(5);
  random.fill(picture.bgr, cv::RNG::UNIFORM, 0, 256);
  return picture;
}
vision::Picture Plain(vision::Size size, const cv::Scalar& bgr) {
  return {cv::Mat(size.height, size.width, CV_8UC3, bgr)};
}

std::vector<float> Apply(const vision::Picture& picture,
                         const Variation& variation, vision::Size size) {
  std::vector<float> planes(static_cast<size_t>(3) * size.width * size.height,
                            9.0f);
  ApplyVariation(picture, variation, size, planes.data());
  return planes;
}
// The byte that a value in [-1,1] stands for.
float ByteOf(float value) { return (value + 1.0f) * 127.5f; }

// A fixed zoom, neither mirrored nor coloured.
Augmentation Zoom(vision::Size size, double scale) {
  return {.size = size,
          .min_scale = scale,
          .max_scale = scale,
          .mirror = 0.0,
          .colour = 0.0};
}

TEST(AugmentationTest, NothingToVaryReproducesThePicture) {
  const vision::Size size = {48, 32};
  const vision::Picture picture = Noise(size);
  std::mt19937_64 random(1);
  const Variation variation = DrawVariation(Zoom(size, 1.0), size, &random);
  const std::vector<float> planes = Apply(picture, variation, size);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      for (int plane = 0; plane < 3; ++plane) {
        const float value = planes[(plane * size.height + y) * size.width + x];
        EXPECT_NEAR(ByteOf(value), picture.bgr.at<cv::Vec3b>(y, x)[2 - plane],
                    1e-3);
      }
    }
  }
}

TEST(AugmentationTest, AMirroredPictureIsTheSameBackwards) {
  const vision::Size size = {48, 32};
  const vision::Picture picture = Noise(size);
  Augmentation augmentation = Zoom(size, 1.0);
  augmentation.mirror = 1.0;
  std::mt19937_64 random(1);
  const Variation variation = DrawVariation(augmentation, size, &random);
  EXPECT_EQ(variation.scale_x, -1.0);
  EXPECT_EQ(variation.offset_x, 48.0);
  const std::vector<float> planes = Apply(picture, variation, size);
  for (int x = 0; x < size.width; ++x) {
    EXPECT_NEAR(ByteOf(planes[x]),
                picture.bgr.at<cv::Vec3b>(0, size.width - 1 - x)[2], 1e-3);
  }
}

TEST(AugmentationTest, AScaleOfOneShowsTheWholePicture) {
  std::mt19937_64 random(1);
  for (int i = 0; i < kNumDraws; ++i) {
    const Variation variation =
        DrawVariation(Zoom({96, 96}, 1.0), {300, 200}, &random);
    EXPECT_EQ(variation.scale_x, 3.125);
    EXPECT_EQ(variation.scale_y, 3.125);
    EXPECT_EQ(variation.offset_x, 0.0);
    EXPECT_GE(variation.offset_y, -100.0);
    EXPECT_LE(variation.offset_y, 0.0);
  }
}

TEST(AugmentationTest, ScalesAreEvenOnALogScale) {
  const Augmentation augmentation = {
      .size = {64, 64}, .min_scale = 0.5, .max_scale = 2.0};
  std::mt19937_64 random(2);
  int num_enlarged = 0;
  double smallest = 9.0;
  double largest = 0.0;
  for (int i = 0; i < kNumDraws; ++i) {
    const Variation variation =
        DrawVariation(augmentation, {128, 100}, &random);
    const double zoom = 2.0 / variation.scale_y;
    EXPECT_NEAR(std::abs(variation.scale_x), variation.scale_y, 1e-12);
    smallest = std::min(smallest, zoom);
    largest = std::max(largest, zoom);
    if (zoom > 1.0) ++num_enlarged;
  }
  EXPECT_GE(smallest, 0.5);
  EXPECT_LT(smallest, 0.55);
  EXPECT_LE(largest, 2.0);
  EXPECT_GT(largest, 1.8);
  EXPECT_NEAR(num_enlarged, kNumDraws / 2, kNumDraws / 8);
}

TEST(AugmentationTest, TheSmallerOfResultAndSourceLiesWithinTheOther) {
  const Augmentation augmentation = {
      .size = {64, 32}, .min_scale = 0.5, .max_scale = 3.0};
  const vision::Size source = {100, 80};
  std::mt19937_64 random(3);
  int num_mirrored = 0;
  for (int i = 0; i < kNumDraws; ++i) {
    const Variation variation = DrawVariation(augmentation, source, &random);
    const double far_x = variation.offset_x + 64 * variation.scale_x;
    const double left = std::min(variation.offset_x, far_x);
    const double right = std::max(variation.offset_x, far_x);
    const double bottom = variation.offset_y + 32 * variation.scale_y;
    constexpr double kTolerance = 1e-9;
    if (right - left > source.width) {
      EXPECT_LE(left, kTolerance);
      EXPECT_GE(right, source.width - kTolerance);
    } else {
      EXPECT_GE(left, -kTolerance);
      EXPECT_LE(right, source.width + kTolerance);
    }
    if (bottom - variation.offset_y > source.height) {
      EXPECT_LE(variation.offset_y, kTolerance);
      EXPECT_GE(bottom, source.height - kTolerance);
    } else {
      EXPECT_GE(variation.offset_y, -kTolerance);
      EXPECT_LE(bottom, source.height + kTolerance);
    }
    if (variation.scale_x < 0) ++num_mirrored;
  }
  EXPECT_NEAR(num_mirrored, kNumDraws / 2, kNumDraws / 8);
}

TEST(AugmentationTest, ColoursStayWithinTheirRange) {
  Augmentation augmentation = Zoom({32, 32}, 1.0);
  augmentation.colour = 0.25;
  std::mt19937_64 random(4);
  for (int i = 0; i < kNumDraws; ++i) {
    const Variation variation = DrawVariation(augmentation, {32, 32}, &random);
    EXPECT_THAT((std::vector<double>{variation.brightness, variation.contrast,
                                     variation.saturation}),
                Each(AllOf(Ge(0.75), Le(1.25))));
  }
}

TEST(AugmentationTest, BrightnessScalesAndIsClipped) {
  const vision::Size size = {8, 8};
  const std::vector<float> planes =
      Apply(Plain(size, {0, 100, 200}), {.brightness = 1.5}, size);
  EXPECT_NEAR(ByteOf(planes[0]), 255.0f, 1e-3);
  EXPECT_NEAR(ByteOf(planes[64]), 150.0f, 1e-3);
  EXPECT_NEAR(ByteOf(planes[128]), 0.0f, 1e-3);
}

TEST(AugmentationTest, ContrastScalesAroundTheMean) {
  const vision::Size size = {8, 8};
  vision::Picture picture = Plain(size, cv::Scalar::all(50));
  picture.bgr(cv::Rect(0, 0, 4, 8)).setTo(cv::Scalar::all(150));
  const std::vector<float> planes = Apply(picture, {.contrast = 1.2}, size);
  EXPECT_NEAR(ByteOf(planes[0]), 160.0f, 1e-3);
  EXPECT_NEAR(ByteOf(planes[7]), 40.0f, 1e-3);
}

TEST(AugmentationTest, SaturationScalesAroundGrey) {
  const vision::Size size = {8, 8};
  const vision::Picture green = Plain(size, {0, 100, 0});
  EXPECT_THAT(Apply(green, {.saturation = 0.0}, size),
              Each(FloatNear(58.7f / 127.5f - 1.0f, 1e-5f)));
  const std::vector<float> planes = Apply(green, {.saturation = 0.5}, size);
  EXPECT_NEAR(ByteOf(planes[0]), 29.35f, 1e-3);
  EXPECT_NEAR(ByteOf(planes[64]), 79.35f, 1e-3);
}

TEST(AugmentationTest, BrightnessComesBeforeContrast) {
  const vision::Size size = {8, 8};
  vision::Picture picture = Plain(size, cv::Scalar::all(50));
  picture.bgr(cv::Rect(0, 0, 4, 8)).setTo(cv::Scalar::all(70));
  const std::vector<float> planes =
      Apply(picture, {.brightness = 2.0, .contrast = 1.5}, size);
  EXPECT_NEAR(ByteOf(planes[0]), 150.0f, 1e-3);
  EXPECT_NEAR(ByteOf(planes[7]), 90.0f, 1e-3);
}

TEST(AugmentationTest, EdgesGoOnBeyondTheSource) {
  vision::Picture picture = Plain({8, 8}, cv::Scalar::all(255));
  picture.bgr.col(0).setTo(cv::Scalar::all(0));
  const std::vector<float> planes =
      Apply(picture, {.offset_x = -8.0, .offset_y = -8.0}, {24, 24});
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 24; ++x) {
      EXPECT_EQ(planes[y * 24 + x], x <= 8 ? -1.0f : 1.0f) << x << ", " << y;
    }
  }
}

TEST(AugmentationTest, ShrinkingAveragesAreas) {
  vision::Picture picture = Plain({256, 256}, cv::Scalar::all(0));
  for (int y = 0; y < 256; ++y) {
    for (int x = y % 2; x < 256; x += 2) {
      picture.bgr.at<cv::Vec3b>(y, x) = cv::Vec3b::all(255);
    }
  }
  EXPECT_THAT(Apply(picture, {.scale_x = 8.0, .scale_y = 8.0}, {32, 32}),
              Each(FloatNear(0.0f, 0.02f)));
}

TEST(AugmentationTest, ShrinkingKeepsPlaces) {
  vision::Picture picture = Plain({161, 121}, cv::Scalar::all(0));
  picture.bgr(cv::Rect(40, 20, 80, 60)).setTo(cv::Scalar::all(255));
  // The square is at 12..32 by 8..23 of the result, seen from the right.
  const Variation variation = {
      .scale_x = -4.0, .scale_y = 4.0, .offset_x = 168, .offset_y = -12};
  const std::vector<float> planes = Apply(picture, variation, {48, 32});
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 48; ++x) {
      const float value = planes[y * 48 + x];
      if (x > 12 && x < 31 && y > 8 && y < 22) {
        EXPECT_GT(value, 0.9f) << x << ", " << y;
      }
      if (x < 11 || x > 32 || y < 7 || y > 23) {
        EXPECT_LT(value, -0.9f) << x << ", " << y;
      }
    }
  }
}

TEST(AugmentationTest, OddSourcesGiveValuesInRange) {
  const Augmentation augmentation = {
      .size = {64, 32}, .min_scale = 0.1, .max_scale = 10.0, .colour = 0.9};
  std::mt19937_64 random(6);
  for (const vision::Size source :
       {vision::Size{1, 1}, vision::Size{3000, 1}, vision::Size{2, 900}}) {
    const vision::Picture picture = Noise(source);
    for (int i = 0; i < 20; ++i) {
      const Variation variation = DrawVariation(augmentation, source, &random);
      EXPECT_THAT(Apply(picture, variation, augmentation.size),
                  Each(AllOf(Ge(-1.0f), Le(1.0f))));
    }
  }
}

TEST(AugmentationTest, EqualGeneratorsDrawEqualVariations) {
  const Augmentation augmentation = {.size = {64, 32}};
  std::mt19937_64 first(8);
  std::mt19937_64 second(8);
  const Variation a = DrawVariation(augmentation, {50, 60}, &first);
  const Variation b = DrawVariation(augmentation, {50, 60}, &second);
  EXPECT_EQ(a.scale_x, b.scale_x);
  EXPECT_EQ(a.offset_x, b.offset_x);
  EXPECT_EQ(a.offset_y, b.offset_y);
  EXPECT_EQ(a.saturation, b.saturation);
  EXPECT_NE(a.scale_y, DrawVariation(augmentation, {50, 60}, &first).scale_y);
}

}  // namespace
}  // namespace sluice::train
