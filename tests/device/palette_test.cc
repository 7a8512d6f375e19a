#include "device/palette.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::device {
namespace {

// Linear RGB as seen with normal sight, protanopia and deuteranopia (Machado,
// Oliveira and Fernandes, 2009, severity 1).
const std::vector<cv::Matx33f>& Sights() {
  static const std::vector<cv::Matx33f> sights = {
      cv::Matx33f::eye(),
      {0.152286f, 1.052583f, -0.204868f, 0.114503f, 0.786281f, 0.099216f,
       -0.003882f, -0.048116f, 1.051998f},
      {0.367322f, 0.860646f, -0.227968f, 0.280085f, 0.672501f, 0.047413f,
       -0.011820f, 0.042940f, 0.968881f}};
  return sights;
}

cv::Vec3f LabAsSeen(const cv::Scalar& bgr, const cv::Matx33f& sight) {
  const auto linear = [](double byte) {
    const double value = byte / 255;
    return static_cast<float>(value <= 0.04045
                                  ? value / 12.92
                                  : std::pow((value + 0.055) / 1.055, 2.4));
  };
  cv::Vec3f seen =
      sight * cv::Vec3f(linear(bgr[2]), linear(bgr[1]), linear(bgr[0]));
  for (int c = 0; c < 3; ++c) seen[c] = std::clamp(seen[c], 0.0f, 1.0f);
  const cv::Mat linear_rgb(1, 1, CV_32FC3, seen);
  cv::Mat lab;
  cv::cvtColor(linear_rgb, lab, cv::COLOR_LRGB2Lab);
  return lab.at<cv::Vec3f>(0, 0);
}

// In CIELAB, for the sight that tells the two apart least.
double Distance(const cv::Scalar& a, const cv::Scalar& b) {
  double smallest = std::numeric_limits<double>::max();
  for (const cv::Matx33f& sight : Sights()) {
    smallest =
        std::min(smallest, cv::norm(LabAsSeen(a, sight), LabAsSeen(b, sight)));
  }
  return smallest;
}

TEST(PaletteTest, NeighboursDifferForColourBlindPeopleToo) {
  for (int i = 0; i < kNumClassColors; ++i) {
    EXPECT_GE(Distance(ClassColor(i), ClassColor(i + 1)), 25) << i;
  }
}

TEST(PaletteTest, FirstTwelveDifferFromEachOther) {
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < i; ++j) {
      EXPECT_GE(Distance(ClassColor(i), ClassColor(j)), 18) << i << ' ' << j;
    }
  }
}

TEST(PaletteTest, AnyClassHasAColor) {
  EXPECT_EQ(ClassColor(kNumClassColors + 3), ClassColor(3));
  for (const int i :
       {-1, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
    EXPECT_NE(ClassColor(i), cv::Scalar());
  }
}

TEST(PaletteTest, InkStandsOutFromItsFill) {
  EXPECT_EQ(InkOn(kWhite), kPanelColor);
  EXPECT_EQ(InkOn(cv::Scalar()), kWhite);
  for (int i = 0; i < kNumClassColors; ++i) {
    EXPECT_GE(Distance(ClassColor(i), InkOn(ClassColor(i))), 30) << i;
  }
}

}  // namespace
}  // namespace sluice::device
