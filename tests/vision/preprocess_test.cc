#include "common/vision/preprocess.h"

#include <limits>
#include <opencv2/core.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/vision/picture_files.h"

namespace sluice::vision {
namespace {

using ::testing::ElementsAre;

Geometry GeometryOf(const Picture& picture, const char* rule,
                    int pad_multiple = 32) {
  return MakeGeometry(picture.size(), ParseViewRule(rule).value(), pad_multiple)
      .value();
}

Picture Noise(int width, int height) {
  Picture picture{cv::Mat(height, width, CV_8UC3)};
  cv::RNG(11).fill(picture.bgr, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

// Red grows with x and green with y by `step` per pixel.
Picture Ramp(int width, int height, double step) {
  Picture picture{cv::Mat(height, width, CV_8UC3)};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.bgr.at<cv::Vec3b>(y, x) =
          cv::Vec3b(0, cv::saturate_cast<uchar>((y + 0.5) * step),
                    cv::saturate_cast<uchar>((x + 0.5) * step));
    }
  }
  return picture;
}

bool SamePixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(MakeViewTest, ScaleOfOneKeepsEveryPixel) {
  const Picture picture = Noise(227, 227);
  const Picture whole =
      MakeView(picture, GeometryOf(picture, "crop:227")).value();
  EXPECT_TRUE(SamePixels(whole.bgr, picture.bgr));
  const Picture centre =
      MakeView(picture, GeometryOf(picture, "crop:224/227")).value();
  EXPECT_TRUE(SamePixels(centre.bgr, picture.bgr(cv::Rect(1, 1, 224, 224))));
}

TEST(MakeViewTest, ViewHasMemoryOfItsOwn) {
  Picture picture = Noise(32, 32);
  const Picture view =
      MakeView(picture, GeometryOf(picture, "crop:32")).value();
  const cv::Vec3b before = view.bgr.at<cv::Vec3b>(0, 0);
  picture.bgr.setTo(cv::Scalar::all(before[0] ^ 1));
  EXPECT_EQ(view.bgr.at<cv::Vec3b>(0, 0), before);
  EXPECT_TRUE(view.bgr.isContinuous());
}

TEST(MakeViewTest, ShrinkingAveragesAreas) {
  Picture picture{cv::Mat(64, 64, CV_8UC3)};
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      picture.bgr.at<cv::Vec3b>(y, x) =
          cv::Vec3b::all((x + y) % 2 == 0 ? 0 : 200);
    }
  }
  const Picture view =
      MakeView(picture, GeometryOf(picture, "fit:32x32")).value();
  EXPECT_TRUE(
      SamePixels(view.bgr, cv::Mat(32, 32, CV_8UC3, cv::Scalar::all(100))));
}

// The colours of a ramp tell which source point a view pixel shows.
TEST(MakeViewTest, GeometrySaysWhereAPixelCameFrom) {
  const Picture picture = Ramp(100, 80, 2.5);
  for (const char* rule : {"crop:40", "crop:40/50", "crop:150", "crop:64/200",
                           "fit:50x50", "fit:300x200", "fit:100x80"}) {
    const Geometry g = GeometryOf(picture, rule);
    const Picture view = MakeView(picture, g).value();
    ASSERT_EQ(view.size(), g.valid) << rule;
    for (const int y : {4, g.valid.height / 2, g.valid.height - 5}) {
      for (const int x : {4, g.valid.width / 2, g.valid.width - 5}) {
        const cv::Vec3b pixel = view.bgr.at<cv::Vec3b>(y, x);
        EXPECT_NEAR(pixel[2] / 2.5, (x + 0.5) * g.scale_x + g.offset_x, 0.6)
            << rule;
        EXPECT_NEAR(pixel[1] / 2.5, (y + 0.5) * g.scale_y + g.offset_y, 0.6)
            << rule;
      }
    }
  }
}

TEST(MakeViewTest, EnlargingKeepsTheCorners) {
  const Picture picture = Quadrants(2, 2);
  const Picture view =
      MakeView(picture, GeometryOf(picture, "fit:64x64")).value();
  EXPECT_EQ(view.bgr.at<cv::Vec3b>(0, 0), picture.bgr.at<cv::Vec3b>(0, 0));
  EXPECT_EQ(view.bgr.at<cv::Vec3b>(0, 63), picture.bgr.at<cv::Vec3b>(0, 1));
  EXPECT_EQ(view.bgr.at<cv::Vec3b>(63, 0), picture.bgr.at<cv::Vec3b>(1, 0));
  EXPECT_EQ(view.bgr.at<cv::Vec3b>(63, 63), picture.bgr.at<cv::Vec3b>(1, 1));
}

TEST(MakeViewTest, ExtremeSizesWork) {
  for (const Size size : {Size{1, 1}, Size{8000, 6000}, Size{1, 16384},
                          Size{16384, 1}, Size{16384, 3}}) {
    const Picture picture{
        cv::Mat(size.height, size.width, CV_8UC3, cv::Scalar(1, 2, 3))};
    for (const char* rule : {"crop:224", "crop:224/256", "fit:640x480"}) {
      const Geometry g = GeometryOf(picture, rule);
      const Picture view = MakeView(picture, g).value();
      ASSERT_EQ(view.size(), g.valid);
      EXPECT_EQ(view.bgr.at<cv::Vec3b>(g.valid.height - 1, g.valid.width - 1),
                cv::Vec3b(1, 2, 3));
      const base::FloatTensor input = ViewToInput(view, g, 1.0f, 0.0f).value();
      EXPECT_THAT(input.shape, ElementsAre(3, g.padded.height, g.padded.width));
    }
  }
}

TEST(MakeViewTest, GeometryOfAnotherPictureIsInvalid) {
  const Picture picture = Noise(40, 30);
  const Geometry g = GeometryOf(Noise(30, 40), "crop:16");
  EXPECT_EQ(MakeView(picture, g).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MakeViewTest, PictureOfAnotherTypeIsInvalid) {
  const Picture grey{cv::Mat(40, 30, CV_8UC1, cv::Scalar(0))};
  EXPECT_EQ(MakeView(grey, GeometryOf(grey, "crop:16")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeView({}, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MakeViewTest, GeometryThatLeavesThePictureIsInvalid) {
  const Picture picture = Noise(40, 30);
  const double kNan = std::numeric_limits<double>::quiet_NaN();
  const double kInfinity = std::numeric_limits<double>::infinity();
  const Geometry good = GeometryOf(picture, "crop:16");
  for (const double bad : {kNan, kInfinity, -1.0, 1e9}) {
    for (double Geometry::*field : {&Geometry::scale_x, &Geometry::scale_y,
                                    &Geometry::offset_x, &Geometry::offset_y}) {
      Geometry g = good;
      g.*field = bad;
      EXPECT_EQ(MakeView(picture, g).status().code(),
                absl::StatusCode::kInvalidArgument)
          << bad;
    }
  }
  Geometry g = good;
  g.scale_x = 0.0;
  EXPECT_FALSE(MakeView(picture, g).ok());
  g = good;
  g.valid = {41, 16};
  EXPECT_FALSE(MakeView(picture, g).ok());
  g.valid = {0, 16};
  EXPECT_FALSE(MakeView(picture, g).ok());
  g.valid = {kMaxViewSide + 1, 16};
  EXPECT_FALSE(MakeView(picture, g).ok());
}

TEST(ViewToInputTest, IsRgbPlanesScaledAndShifted) {
  Picture view{cv::Mat(1, 2, CV_8UC3)};
  view.bgr.at<cv::Vec3b>(0, 0) = cv::Vec3b(0, 51, 255);
  view.bgr.at<cv::Vec3b>(0, 1) = cv::Vec3b(10, 20, 30);
  const base::FloatTensor input =
      ViewToInput(view, GeometryOf(view, "fit:2x1", 1), 2.0f, -1.0f).value();
  EXPECT_THAT(input.shape, ElementsAre(3, 1, 2));
  EXPECT_THAT(input.values, ElementsAre(509, 59, 101, 39, -1, 19));
}

TEST(ViewToInputTest, PaddingRepeatsTheRightAndBottomEdges) {
  Picture view{cv::Mat(2, 3, CV_8UC3)};
  for (int i = 0; i < 6; ++i) {
    view.bgr.at<cv::Vec3b>(i / 3, i % 3) =
        cv::Vec3b::all(static_cast<uchar>(i));
  }
  const base::FloatTensor input =
      ViewToInput(view, GeometryOf(view, "fit:3x2", 4), 1.0f, 0.0f).value();
  ASSERT_THAT(input.shape, ElementsAre(3, 4, 4));
  const std::vector<float> red(input.values.begin(), input.values.begin() + 16);
  EXPECT_THAT(red, ElementsAre(0, 1, 2, 2, 3, 4, 5, 5, 3, 4, 5, 5, 3, 4, 5, 5));
}

TEST(ViewToInputTest, ViewOfAnotherSizeIsInvalid) {
  const Picture view = Noise(16, 16);
  EXPECT_EQ(ViewToInput(view, GeometryOf(view, "crop:8"), 1, 0).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ViewToInputTest, PaddingMustCoverTheViewAndStayBounded) {
  const Picture view = Noise(16, 16);
  Geometry g = GeometryOf(view, "crop:16");
  for (const Size padded :
       {Size{15, 16}, Size{16, 0}, Size{16, -32}, Size{kMaxViewSide + 1, 16}}) {
    g.padded = padded;
    EXPECT_EQ(ViewToInput(view, g, 1, 0).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sluice::vision
