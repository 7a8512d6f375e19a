#include "device/draw_boxes.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "device/palette.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

constexpr vision::Size kSource = {640, 480};
const cv::Scalar kGrey = cv::Scalar::all(128);

cv::Mat Grey(int width, int height) {
  return cv::Mat(height, width, CV_8UC3, kGrey);
}

cv::Mat Draw(const std::vector<LabelledBox>& boxes,
             vision::Size size = kSource) {
  cv::Mat canvas = Grey(size.width, size.height);
  DrawBoxes(boxes, kSource, canvas);
  return canvas;
}

LabelledBox MakeBox(const task::Box& box, int class_index = 0,
                    float score = 0.5f) {
  return {"bolt", score, class_index, box};
}

bool SamePixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

int CountPixels(const cv::Mat& canvas, const cv::Scalar& color) {
  cv::Mat is_color;
  cv::inRange(canvas, color, color, is_color);
  return cv::countNonZero(is_color);
}

bool HasColor(const cv::Mat& canvas, int x, int y, int class_index) {
  const cv::Vec3b pixel = canvas.at<cv::Vec3b>(y, x);
  return cv::Scalar(pixel[0], pixel[1], pixel[2]) == ClassColor(class_index);
}

TEST(DrawBoxesTest, LineRunsAroundTheObject) {
  const cv::Mat canvas = Draw({MakeBox({100, 200, 300, 400}, 3)});
  EXPECT_TRUE(HasColor(canvas, 99, 300, 3));
  EXPECT_TRUE(HasColor(canvas, 300, 300, 3));
  EXPECT_TRUE(HasColor(canvas, 200, 400, 3));
  EXPECT_TRUE(SamePixels(canvas(cv::Rect(101, 201, 198, 198)), Grey(198, 198)));
  EXPECT_TRUE(SamePixels(canvas(cv::Rect(310, 0, 330, 480)), Grey(330, 480)));
}

TEST(DrawBoxesTest, TagStandsAboveWhereThereIsRoom) {
  const cv::Mat canvas = Draw({MakeBox({100, 200, 300, 400}, 3)});
  EXPECT_TRUE(HasColor(canvas, 99, 190, 3));
  EXPECT_FALSE(HasColor(canvas, 99, 410, 3));
}

TEST(DrawBoxesTest, TagOfABoxAtTheTopStandsBelow) {
  const cv::Mat canvas = Draw({MakeBox({100, 0, 300, 100}, 3)});
  EXPECT_TRUE(HasColor(canvas, 99, 110, 3));
}

TEST(DrawBoxesTest, TagOfABoxOfFullHeightStandsInside) {
  const cv::Mat canvas = Draw({MakeBox({100, 0, 300, 480}, 3)});
  EXPECT_TRUE(HasColor(canvas, 103, 10, 3));
}

TEST(DrawBoxesTest, TagsKeepOutOfEachOthersWay) {
  const cv::Mat alone = Draw({MakeBox({100, 200, 120, 220}, 3)});
  const cv::Mat both = Draw({MakeBox({100, 200, 120, 220}, 3, 0.9f),
                             MakeBox({104, 200, 124, 220}, 4, 0.8f)});
  EXPECT_GE(CountPixels(both, ClassColor(3)),
            CountPixels(alone, ClassColor(3)) * 9 / 10);
  EXPECT_GE(CountPixels(both, ClassColor(4)),
            CountPixels(alone, ClassColor(3)) * 8 / 10);
}

TEST(DrawBoxesTest, NothingLeavesTheCanvas) {
  cv::Mat large = Grey(400, 400);
  cv::Mat canvas = large(cv::Rect(100, 100, 200, 60));
  const float kHuge = std::numeric_limits<float>::max();
  std::vector<LabelledBox> boxes = {
      MakeBox({-kHuge, -kHuge, kHuge, kHuge}), MakeBox({630, 0, 640, 480}),
      MakeBox({0, 0, 1, 1}), MakeBox({639, 479, 640, 480})};
  boxes[0].label = std::string(100000, 'W');
  DrawBoxes(boxes, kSource, canvas);
  EXPECT_FALSE(SamePixels(canvas, Grey(200, 60)));
  canvas.setTo(kGrey);
  EXPECT_TRUE(SamePixels(large, Grey(400, 400)));
}

TEST(DrawBoxesTest, AnyCanvasWillDo) {
  for (const vision::Size size :
       {vision::Size{1, 1}, vision::Size{224, 1}, vision::Size{1, 224},
        vision::Size{4000, 3000}}) {
    const cv::Mat canvas = Draw({MakeBox({100, 200, 300, 400})}, size);
    EXPECT_EQ(canvas.cols, size.width);
    EXPECT_FALSE(SamePixels(canvas, Grey(size.width, size.height)));
  }
}

TEST(DrawBoxesTest, BoxesScaleWithTheCanvas) {
  const cv::Mat canvas = Draw({MakeBox({100, 200, 300, 400}, 3)}, {1280, 960});
  EXPECT_TRUE(HasColor(canvas, 199, 600, 3));
  EXPECT_TRUE(HasColor(canvas, 600, 600, 3));
}

TEST(DrawBoxesTest, BoxesWithNothingToSeeAreLeftOut) {
  EXPECT_TRUE(
      SamePixels(Draw({MakeBox({640, 0, 700, 100}), MakeBox({-50, 0, 0, 100}),
                       MakeBox({0, 480, 50, 1e30f}), MakeBox({50, 50, 50, 60}),
                       MakeBox({60, 60, 50, 50})}),
                 Grey(640, 480)));
}

TEST(DrawBoxesTest, BestScoreIsOnTopWhateverTheOrder) {
  std::vector<LabelledBox> boxes = {MakeBox({100, 100, 200, 200}, 3, 0.4f),
                                    MakeBox({100, 100, 200, 200}, 4, 0.9f)};
  const cv::Mat canvas = Draw(boxes);
  EXPECT_TRUE(HasColor(canvas, 99, 150, 4));
  std::reverse(boxes.begin(), boxes.end());
  EXPECT_TRUE(SamePixels(Draw(boxes), canvas));
}

TEST(DrawBoxesTest, OnlyTheBestAreDrawn) {
  std::vector<LabelledBox> boxes(kMaxDrawnBoxes,
                                 MakeBox({100, 100, 200, 200}, 3, 0.5f));
  const cv::Mat full = Draw(boxes);
  boxes.push_back(MakeBox({400, 300, 500, 400}, 4, 0.4f));
  EXPECT_TRUE(SamePixels(Draw(boxes), full));
}

TEST(DrawBoxesTest, ScoresOutsideTheirRangeAreClamped) {
  const auto draw = [](float score) {
    return Draw({MakeBox({100, 100, 200, 200}, 3, score)});
  };
  const float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(SamePixels(draw(17.0f), draw(1.0f)));
  EXPECT_TRUE(SamePixels(draw(-1.0f), draw(0.0f)));
  EXPECT_TRUE(SamePixels(draw(kNan), draw(0.0f)));
}

}  // namespace
}  // namespace sluice::device
