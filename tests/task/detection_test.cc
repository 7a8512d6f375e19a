#include "common/task/detection.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::task {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using vision::Geometry;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kHuge = std::numeric_limits<float>::max();

// Raw maps of a tail, grown one position at a time.
struct RawMaps {
  std::vector<float> scores;
  std::vector<float> boxes;

  RawMaps& Add(std::vector<float> position_scores, Box box) {
    scores.insert(scores.end(), position_scores.begin(), position_scores.end());
    boxes.insert(boxes.end(), {box.x_min, box.y_min, box.x_max, box.y_max});
    return *this;
  }

  absl::StatusOr<std::vector<Detection>> TrySelect(
      int num_classes, const SelectOptions& options = {}) const {
    return SelectDetections(scores, boxes, num_classes, options);
  }

  std::vector<Detection> Select(int num_classes,
                                const SelectOptions& options = {}) const {
    return TrySelect(num_classes, options).value();
  }
};

// Class and left edge: enough to tell the detections of a test apart.
std::vector<std::pair<int, float>> Names(
    const std::vector<Detection>& detections) {
  std::vector<std::pair<int, float>> names;
  for (const Detection& d : detections) {
    names.emplace_back(d.class_index, d.box.x_min);
  }
  return names;
}

using Name = std::pair<int, float>;

TEST(AreaTest, IsWidthTimesHeight) {
  EXPECT_EQ(Area({1.0f, 2.0f, 4.0f, 4.5f}), 7.5f);
}

TEST(AreaTest, IsZeroForEmptyAndInvertedBoxes) {
  EXPECT_EQ(Area({}), 0.0f);
  EXPECT_EQ(Area({3, 0, 3, 5}), 0.0f);
  EXPECT_EQ(Area({5, 0, 3, 5}), 0.0f);
  EXPECT_EQ(Area({5, 5, 3, 3}), 0.0f);  // Both ways: not a positive product.
}

TEST(IntersectionOverUnionTest, MatchesHandComputedCases) {
  const Box a{0, 0, 4, 4};
  EXPECT_THAT(IntersectionOverUnion(a, a), FloatEq(1.0f));
  // Common 2 x 2 = 4, together 16 + 16 - 4 = 28.
  EXPECT_THAT(IntersectionOverUnion(a, {2, 2, 6, 6}), FloatEq(4.0f / 28.0f));
  EXPECT_THAT(IntersectionOverUnion({2, 2, 6, 6}, a), FloatEq(4.0f / 28.0f));
  // One inside of the other: 2 x 1 of 16.
  EXPECT_THAT(IntersectionOverUnion(a, {1, 1, 3, 2}), FloatEq(2.0f / 16.0f));
  // Common 1.5 x 4 = 6, together 16 + 10 - 6 = 20.
  EXPECT_THAT(IntersectionOverUnion(a, {2.5f, 0, 5, 4}), FloatEq(6.0f / 20.0f));
}

TEST(IntersectionOverUnionTest, IsZeroForBoxesThatOnlyTouchOrAreApart) {
  const Box a{0, 0, 4, 4};
  EXPECT_EQ(IntersectionOverUnion(a, {4, 0, 8, 4}), 0.0f);
  EXPECT_EQ(IntersectionOverUnion(a, {4, 4, 8, 8}), 0.0f);
  EXPECT_EQ(IntersectionOverUnion(a, {9, 9, 12, 12}), 0.0f);
}

TEST(IntersectionOverUnionTest, IsZeroWithEmptyAndInvertedBoxes) {
  const Box a{0, 0, 4, 4};
  EXPECT_EQ(IntersectionOverUnion({}, {}), 0.0f);
  EXPECT_EQ(IntersectionOverUnion(a, {}), 0.0f);
  EXPECT_EQ(IntersectionOverUnion(a, {3, 3, 1, 1}), 0.0f);
  EXPECT_EQ(IntersectionOverUnion({3, 3, 1, 1}, {3, 3, 1, 1}), 0.0f);
}

TEST(IntersectionOverUnionTest, HugeBoxesDoNotOverflow) {
  const Box huge{-kHuge, -kHuge, kHuge, kHuge};
  EXPECT_THAT(IntersectionOverUnion(huge, huge), FloatEq(1.0f));
  EXPECT_THAT(IntersectionOverUnion(huge, {0, -kHuge, kHuge, kHuge}),
              FloatEq(0.5f));
}

TEST(SelectDetectionsTest, BestFirstWithScoreClassAndBox) {
  const std::vector<Detection> found =
      RawMaps{}
          .Add({0.1f, 0.0f, 0.3f}, {1, 2, 3, 4})
          .Add({0.0f, 0.9f, 0.0f}, {50, 60, 70, 80})
          .Select(3);
  ASSERT_EQ(Names(found), (std::vector<Name>{{1, 50}, {2, 1}, {0, 1}}));
  EXPECT_EQ(found[0].score, 0.9f);
  EXPECT_EQ(found[0].box.y_min, 60);
  EXPECT_EQ(found[0].box.x_max, 70);
  EXPECT_EQ(found[0].box.y_max, 80);
}

TEST(SelectDetectionsTest, NothingInNothingOut) {
  EXPECT_THAT(RawMaps{}.Select(31), IsEmpty());
  EXPECT_THAT(RawMaps{}.Add({0.04f, 0.01f}, {0, 0, 9, 9}).Select(2), IsEmpty());
}

TEST(SelectDetectionsTest, PairAtTheThresholdStays) {
  const float threshold = 0.3f;
  const RawMaps maps =
      RawMaps{}
          .Add({threshold}, {0, 0, 1, 1})
          .Add({std::nextafter(threshold, 0.0f)}, {10, 0, 11, 1})
          .Add({std::nextafter(threshold, 1.0f)}, {20, 0, 21, 1});
  EXPECT_EQ(Names(maps.Select(1, {.score_threshold = threshold})),
            (std::vector<Name>{{0, 20}, {0, 0}}));
}

TEST(SelectDetectionsTest, OfTwoOverlappingBoxesTheBetterStays) {
  // IoU 9 / 11 between the first two; the third is apart.
  const RawMaps maps = RawMaps{}
                           .Add({0.7f}, {0, 0, 10, 1})
                           .Add({0.8f}, {1, 0, 11, 1})
                           .Add({0.2f}, {100, 0, 110, 1});
  EXPECT_EQ(Names(maps.Select(1)), (std::vector<Name>{{0, 1}, {0, 100}}));
}

TEST(SelectDetectionsTest, OverlapAtTheLimitStays) {
  // Common 6, together 10.
  const RawMaps maps =
      RawMaps{}.Add({0.9f}, {0, 0, 8, 1}).Add({0.8f}, {2, 0, 10, 1});
  EXPECT_THAT(maps.Select(1, {.nms_iou = 0.6f}), SizeIs(2));
  EXPECT_THAT(maps.Select(1, {.nms_iou = std::nextafter(0.6f, 0.0f)}),
              SizeIs(1));
}

TEST(SelectDetectionsTest, SuppressedBoxesSuppressNothing) {
  // A chain: each overlaps its neighbour by 7 / 13, the ends by 4 / 16.
  const RawMaps maps = RawMaps{}
                           .Add({0.9f}, {0, 0, 10, 1})
                           .Add({0.8f}, {3, 0, 13, 1})
                           .Add({0.7f}, {6, 0, 16, 1});
  EXPECT_EQ(Names(maps.Select(1, {.nms_iou = 0.5f})),
            (std::vector<Name>{{0, 0}, {0, 6}}));
}

TEST(SelectDetectionsTest, ClassesDoNotSuppressEachOther) {
  const RawMaps maps = RawMaps{}
                           .Add({0.9f, 0.8f}, {0, 0, 10, 10})
                           .Add({0.7f, 0.6f}, {0.5f, 0, 10, 10});
  EXPECT_EQ(Names(maps.Select(2)), (std::vector<Name>{{0, 0}, {1, 0}}));
}

TEST(SelectDetectionsTest, EqualScoresGoByPositionAndClass) {
  const RawMaps maps = RawMaps{}
                           .Add({0.5f, 0.5f}, {30, 0, 31, 1})
                           .Add({0.5f, 0.5f}, {10, 0, 11, 1})
                           .Add({0.5f, 0.6f}, {20, 0, 21, 1});
  EXPECT_EQ(Names(maps.Select(2)),
            (std::vector<Name>{
                {1, 20}, {0, 30}, {1, 30}, {0, 10}, {1, 10}, {0, 20}}));
}

TEST(SelectDetectionsTest, OfEqualOverlappingBoxesTheFirstStays) {
  const RawMaps maps =
      RawMaps{}.Add({0.5f}, {1, 0, 11, 1}).Add({0.5f}, {0, 0, 10, 1});
  EXPECT_EQ(Names(maps.Select(1)), (std::vector<Name>{{0, 1}}));
}

TEST(SelectDetectionsTest, CandidatesAreLimitedBeforeSuppression) {
  // The two best overlap: with two candidates one box is left.
  const RawMaps maps = RawMaps{}
                           .Add({0.7f}, {100, 0, 110, 1})
                           .Add({0.9f}, {0, 0, 10, 1})
                           .Add({0.8f}, {1, 0, 11, 1});
  EXPECT_EQ(Names(maps.Select(1, {.max_candidates = 2})),
            (std::vector<Name>{{0, 0}}));
  EXPECT_EQ(Names(maps.Select(1, {.max_candidates = 3})),
            (std::vector<Name>{{0, 0}, {0, 100}}));
}

TEST(SelectDetectionsTest, EqualCandidatesAreLimitedByPositionAndClass) {
  RawMaps maps;
  for (int i = 0; i < 50; ++i) {
    const float x = static_cast<float>(10 * i);
    maps.Add({0.5f, 0.5f}, {x, 0, x + 1, 1});
  }
  EXPECT_EQ(Names(maps.Select(2, {.max_candidates = 3})),
            (std::vector<Name>{{0, 0}, {1, 0}, {0, 10}}));
}

TEST(SelectDetectionsTest, DetectionsAreLimitedAfterSuppression) {
  const RawMaps maps = RawMaps{}
                           .Add({0.9f}, {0, 0, 10, 1})
                           .Add({0.8f}, {1, 0, 11, 1})
                           .Add({0.7f}, {100, 0, 110, 1})
                           .Add({0.6f}, {200, 0, 210, 1});
  EXPECT_EQ(Names(maps.Select(1, {.max_detections = 2})),
            (std::vector<Name>{{0, 0}, {0, 100}}));
}

TEST(SelectDetectionsTest, AgreesWithPlainSuppressionOnRandomMaps) {
  std::mt19937 random(6);
  std::uniform_real_distribution<float> score(0.0f, 1.0f);
  std::uniform_real_distribution<float> place(0.0f, 40.0f);
  RawMaps maps;
  for (int i = 0; i < 60; ++i) {
    const float x = place(random);
    const float y = place(random);
    maps.Add({score(random), score(random), score(random)},
             {x, y, x + 5 + place(random), y + 5 + place(random)});
  }
  const std::vector<Detection> all =
      maps.Select(3, {.nms_iou = 1.0f, .max_detections = 1000});
  std::vector<Detection> kept;
  for (const Detection& candidate : all) {
    bool is_free = true;
    for (const Detection& better : kept) {
      is_free &= better.class_index != candidate.class_index ||
                 IntersectionOverUnion(better.box, candidate.box) <= 0.4f;
    }
    if (is_free) kept.push_back(candidate);
  }
  EXPECT_LT(kept.size(), all.size());
  EXPECT_EQ(Names(maps.Select(3, {.nms_iou = 0.4f, .max_detections = 1000})),
            Names(kept));
}

TEST(SelectDetectionsTest, WrongSizesAreInvalid) {
  const std::vector<float> numbers(12);
  const std::span<const float> all(numbers);
  for (const auto& [num_scores, num_boxes, num_classes] : {std::tuple{5, 8, 2},
                                                           {6, 8, 2},
                                                           {6, 11, 2},
                                                           {4, 12, 2},
                                                           {0, 4, 2},
                                                           {4, 0, 2},
                                                           {4, 8, 0},
                                                           {4, 8, -2},
                                                           {0, 0, 0}}) {
    const absl::Status status =
        SelectDetections(all.first(num_scores), all.first(num_boxes),
                         num_classes, {})
            .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << num_scores << " " << num_boxes << " " << num_classes;
    EXPECT_THAT(std::string(status.message()), HasSubstr("expected"));
  }
}

TEST(SelectDetectionsTest, SizeErrorSaysWhatWasExpectedAndFound) {
  const std::vector<float> scores(6);
  const std::vector<float> boxes(8);
  EXPECT_EQ(SelectDetections(scores, boxes, 2, {}).status().message(),
            "expected scores [P,2] and boxes [P,4], found 6 and 8 numbers");
}

TEST(SelectDetectionsTest, OptionsOutOfRangeAreInvalid) {
  const RawMaps maps = RawMaps{}.Add({0.5f}, {0, 0, 1, 1});
  for (const SelectOptions& options :
       {SelectOptions{.score_threshold = -0.1f},
        SelectOptions{.score_threshold = 1.1f},
        SelectOptions{.score_threshold = kNan}, SelectOptions{.nms_iou = -1.0f},
        SelectOptions{.nms_iou = 2.0f}, SelectOptions{.nms_iou = kNan},
        SelectOptions{.max_candidates = 0}, SelectOptions{.max_candidates = -1},
        SelectOptions{.max_detections = 0},
        SelectOptions{.max_detections = -1}}) {
    EXPECT_EQ(maps.TrySelect(1, options).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(SelectDetectionsTest, ScoreThatIsNoNumberIsInternalAndNamed) {
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    const absl::Status status = RawMaps{}
                                    .Add({0.5f, 0.5f}, {0, 0, 1, 1})
                                    .Add({0.5f, bad}, {0, 0, 1, 1})
                                    .TrySelect(2)
                                    .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("scores[1,1]"));
  }
}

TEST(SelectDetectionsTest, BoxThatIsNoNumberIsInternalEvenWithoutScore) {
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    const absl::Status status = RawMaps{}
                                    .Add({0.5f}, {0, 0, 1, 1})
                                    .Add({0.0f}, {0, 0, bad, 1})
                                    .TrySelect(1)
                                    .status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("boxes[1,2]"));
  }
}

Geometry GeometryOf(vision::Size source, const char* rule) {
  return vision::MakeGeometry(source, vision::ParseViewRule(rule).value(), 32)
      .value();
}

std::vector<Detection> InSource(Box box, const Geometry& geometry) {
  const Detection detection{3, 0.5f, box};
  return ToSource({&detection, 1}, geometry);
}

void ExpectBox(const std::vector<Detection>& found, Box expected) {
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_NEAR(found[0].box.x_min, expected.x_min, 1e-3);
  EXPECT_NEAR(found[0].box.y_min, expected.y_min, 1e-3);
  EXPECT_NEAR(found[0].box.x_max, expected.x_max, 1e-3);
  EXPECT_NEAR(found[0].box.y_max, expected.y_max, 1e-3);
}

TEST(ToSourceTest, CropAddsItsMargin) {
  // Resized to 256 x 256, then 16 off each side; scale 2.
  const Geometry g = GeometryOf({512, 512}, "crop:224/256");
  ExpectBox(InSource({0, 10, 100.5f, 224}, g), {32, 52, 233, 480});
}

TEST(ToSourceTest, CropOfAWidePictureIsMappedPerAxis) {
  // 500 x 375 becomes 341 x 256 (341.33 rounded); 58 and 16 come off.
  const Geometry g = GeometryOf({500, 375}, "crop:224/256");
  const double scale_x = 500.0 / 341;
  const double scale_y = 375.0 / 256;
  const auto to_view = [=](double x, double scale, int begin) {
    return static_cast<float>(x / scale - begin);
  };
  const Box drawn{120.25f, 80.5f, 333, 287.75f};
  ExpectBox(InSource({to_view(drawn.x_min, scale_x, 58),
                      to_view(drawn.y_min, scale_y, 16),
                      to_view(drawn.x_max, scale_x, 58),
                      to_view(drawn.y_max, scale_y, 16)},
                     g),
            drawn);
}

TEST(ToSourceTest, FitIsMappedPerAxis) {
  // 1000 x 333 becomes 320 x 107 (106.56 rounded), padded to 320 x 128.
  const Geometry g = GeometryOf({1000, 333}, "fit:320x240");
  const double scale_x = 1000.0 / 320;
  const double scale_y = 333.0 / 107;
  const Box drawn{17, 23.5f, 998.75f, 332};
  ExpectBox(InSource({static_cast<float>(drawn.x_min / scale_x),
                      static_cast<float>(drawn.y_min / scale_y),
                      static_cast<float>(drawn.x_max / scale_x),
                      static_cast<float>(drawn.y_max / scale_y)},
                     g),
            drawn);
}

TEST(ToSourceTest, FitOfASmallPictureShrinksBoxes) {
  const Geometry g = GeometryOf({160, 120}, "fit:640x480");
  ExpectBox(InSource({4, 8, 640, 480}, g), {1, 2, 160, 120});
}

TEST(ToSourceTest, LargestPictureKeepsAThousandthOfAPixel) {
  const Geometry g = GeometryOf({16384, 12288}, "fit:2048x1536");
  ExpectBox(InSource({1000.125f, 1, 2047.875f, 1536}, g),
            {8001, 8, 16383, 12288});
}

TEST(ToSourceTest, PaddingIsClipped) {
  // 640 x 360 of 640 x 384 pixels are the picture.
  const Geometry g = GeometryOf({1280, 720}, "fit:640x480");
  ASSERT_EQ(g.padded.height, 384);
  ExpectBox(InSource({100, 300, 200, 384}, g), {200, 600, 400, 720});
}

TEST(ToSourceTest, WhatTheViewDoesNotShowIsClipped) {
  const Geometry g = GeometryOf({512, 512}, "crop:224/256");
  ExpectBox(InSource({-50, -1, 1000, 225}, g), {32, 32, 480, 480});
}

TEST(ToSourceTest, ClippedBoxesStayWithinTheSource) {
  for (const vision::Size source :
       {vision::Size{333, 777}, {8000, 6001}, {1, 16384}, {641, 479}}) {
    for (const char* rule : {"crop:224", "crop:224/256", "fit:640x480"}) {
      const std::vector<Detection> found =
          InSource({-kHuge, -kHuge, kHuge, kHuge}, GeometryOf(source, rule));
      ASSERT_THAT(found, SizeIs(1));
      EXPECT_GE(found[0].box.x_min, 0.0f);
      EXPECT_GE(found[0].box.y_min, 0.0f);
      EXPECT_LE(found[0].box.x_max, static_cast<float>(source.width));
      EXPECT_LE(found[0].box.y_max, static_cast<float>(source.height));
    }
  }
}

TEST(ToSourceTest, BoxesOutsideOfTheViewAreDropped) {
  const Geometry g = GeometryOf({1280, 720}, "fit:640x480");
  EXPECT_THAT(InSource({100, 360, 200, 384}, g), IsEmpty());  // In the padding.
  EXPECT_THAT(InSource({640, 0, 700, 10}, g), IsEmpty());
  EXPECT_THAT(InSource({-9, 0, 0, 10}, g), IsEmpty());
  EXPECT_THAT(InSource({0, -9, 10, -1}, g), IsEmpty());
}

TEST(ToSourceTest, EmptyAndInvertedBoxesAreDropped) {
  const Geometry g = GeometryOf({1280, 720}, "fit:640x480");
  EXPECT_THAT(InSource({10, 10, 10, 20}, g), IsEmpty());
  EXPECT_THAT(InSource({20, 10, 10, 20}, g), IsEmpty());
  EXPECT_THAT(InSource({kNan, 10, 20, 20}, g), IsEmpty());
  EXPECT_THAT(ToSource({}, g), IsEmpty());
}

TEST(ToSourceTest, OrderClassesAndScoresStay) {
  const Geometry g = GeometryOf({1280, 720}, "fit:640x480");
  const std::vector<Detection> detections = {{7, 0.9f, {0, 0, 10, 10}},
                                             {5, 0.8f, {0, 370, 10, 380}},
                                             {2, 0.7f, {20, 0, 30, 10}}};
  const std::vector<Detection> found = ToSource(detections, g);
  EXPECT_THAT(Names(found), ElementsAre(Name{7, 0}, Name{2, 40}));
  EXPECT_EQ(found[0].score, 0.9f);
  EXPECT_EQ(found[1].score, 0.7f);
}

}  // namespace
}  // namespace sluice::task
