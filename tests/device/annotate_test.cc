#include "device/annotate.h"

#include <limits>
#include <opencv2/core.hpp>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using vision::Picture;
using vision::Size;

const std::vector<Label> kTop = {
    {"meerkat", 0.873f}, {"mongoose", 0.06f}, {"weasel", 0.01f}};

Picture Grey(int width, int height) {
  return Picture{cv::Mat(height, width, CV_8UC3, cv::Scalar::all(128))};
}

// Labels and caption alone, over the bottom of the picture.
Picture AnnotateClassification(const Picture& picture,
                               const std::vector<Label>& top,
                               const std::string& caption) {
  Annotations annotations;
  annotations.top = top;
  annotations.caption = caption;
  return Annotate(picture, annotations, {.band = BandPlace::kOverPicture})
      .value();
}

bool SamePixels(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(AnnotateTest, KeepsSizeAndTheUpperPartOfThePicture) {
  const Picture picture = Grey(500, 375);
  const Picture annotated =
      AnnotateClassification(picture, kTop, "2.0 kB, 14 ms");
  EXPECT_EQ(annotated.size(), picture.size());
  EXPECT_TRUE(
      SamePixels(annotated.bgr.rowRange(0, 187), picture.bgr.rowRange(0, 187)));
  EXPECT_FALSE(SamePixels(annotated.bgr.rowRange(188, 375),
                          picture.bgr.rowRange(188, 375)));
}

TEST(AnnotateTest, LeavesItsInputUntouched) {
  const Picture picture = Grey(500, 375);
  AnnotateClassification(picture, kTop, "caption");
  EXPECT_TRUE(SamePixels(picture.bgr, Grey(500, 375).bgr));
}

TEST(AnnotateTest, NothingToSayLeavesThePictureAsItIs) {
  const Picture picture = Grey(500, 375);
  EXPECT_TRUE(
      SamePixels(AnnotateClassification(picture, {}, "").bgr, picture.bgr));
}

TEST(AnnotateTest, OnlyTheFirstThreeLabelsAreDrawn) {
  std::vector<Label> five = kTop;
  five.insert(five.end(), {{"ferret", 0.005f}, {"mink", 0.004f}});
  EXPECT_TRUE(SamePixels(AnnotateClassification(Grey(500, 375), five, "").bgr,
                         AnnotateClassification(Grey(500, 375), kTop, "").bgr));
}

TEST(AnnotateTest, EmptyLabelKeepsItsLineFree) {
  const std::vector<Label> padded = {kTop[0], {}, {}};
  const Picture picture = AnnotateClassification(Grey(500, 375), padded, "");
  const Picture full = AnnotateClassification(Grey(500, 375), kTop, "");
  EXPECT_EQ(picture.size(), full.size());
  EXPECT_TRUE(
      SamePixels(picture.bgr.rowRange(0, 320), full.bgr.rowRange(0, 320)));
  EXPECT_FALSE(SamePixels(picture.bgr, full.bgr));
}

TEST(AnnotateTest, SmallPicturesAreEnlarged) {
  EXPECT_EQ(AnnotateClassification(Grey(112, 56), {}, "").size(),
            (Size{224, 112}));
}

TEST(AnnotateTest, AnyShapeBecomesLegible) {
  for (const Size size : {Size{1, 1}, Size{3, 500}, Size{500, 3}, Size{64, 64},
                          Size{224, 224}, Size{1, 16384}, Size{16384, 1}}) {
    const Picture annotated =
        AnnotateClassification(Grey(size.width, size.height), kTop, "caption");
    EXPECT_GE(annotated.size().width, 224);
    EXPECT_GE(annotated.size().height, 64);
    EXPECT_LE(annotated.size().width, 16384);
    EXPECT_LE(annotated.size().height, 16384 + 200);
  }
}

TEST(AnnotateTest, LargePicturesGetALargerBand) {
  const Picture annotated = AnnotateClassification(Grey(4000, 3000), kTop, "");
  EXPECT_NE(annotated.bgr.at<cv::Vec3b>(2600, 5), cv::Vec3b::all(128));
}

TEST(AnnotateTest, LongTextEndsBeforeTheBarsAndTheEdge) {
  const std::string endless(100000, 'W');
  const Picture annotated =
      AnnotateClassification(Grey(500, 375), {{endless, 0.5f}}, endless);
  const Picture shorter = AnnotateClassification(
      Grey(500, 375), {{std::string(200, 'W'), 0.5f}}, std::string(200, 'W'));
  EXPECT_TRUE(SamePixels(annotated.bgr, shorter.bgr));
  // The right margin of the caption's row is plain.
  const cv::Mat margin = annotated.bgr(cv::Rect(494, 355, 6, 15));
  EXPECT_TRUE(
      SamePixels(margin, cv::Mat(margin.size(), margin.type(),
                                 cv::Scalar(margin.at<cv::Vec3b>(0, 0)))));
}

TEST(AnnotateTest, CharactersBeyondAsciiBecomeQuestionMarks) {
  const Picture picture = Grey(500, 375);
  EXPECT_TRUE(SamePixels(
      AnnotateClassification(picture, {{"caf\xC3\xA9\n", 0.5f}}, "\xE2\x82\xAC")
          .bgr,
      AnnotateClassification(picture, {{"caf??", 0.5f}}, "?").bgr));
}

TEST(AnnotateTest, ScoresOutsideTheirRangeAreClamped) {
  const Picture picture = Grey(500, 375);
  const auto draw = [&picture](float score) {
    return AnnotateClassification(picture, {{"meerkat", score}}, "").bgr;
  };
  const float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(SamePixels(draw(17.0f), draw(1.0f)));
  EXPECT_TRUE(SamePixels(draw(-1.0f), draw(0.0f)));
  EXPECT_TRUE(SamePixels(draw(kNan), draw(0.0f)));
}

LabelledMask MakeMask(Size size, uint8_t class_index) {
  return {
      {size, std::vector<uint8_t>(static_cast<size_t>(size.width) * size.height,
                                  class_index)},
      {"sky", "building", "road", "tree", "car", "bicyclist"}};
}

Annotations Everything(Size size) {
  Annotations all;
  all.top = kTop;
  all.boxes = {{"bolt", 0.9f, 3, {10, 20, 60, 80}},
               {"washer", 0.4f, 4, {50, 20, 90, 80}}};
  all.mask = MakeMask({size.width / 2 + 1, size.height / 2 + 1}, 2);
  all.mask->mask.classes[0] = 4;
  all.caption = "2.0 kB, 14 ms";
  return all;
}

TEST(AnnotateAllTest, NothingToSayLeavesThePictureAsItIs) {
  EXPECT_TRUE(
      SamePixels(Annotate(Grey(500, 375), {}).value().bgr, Grey(500, 375).bgr));
}

TEST(AnnotateAllTest, LegendAndBandStandBelowThePicture) {
  Annotations annotations;
  annotations.top = kTop;
  annotations.caption = "caption";
  annotations.mask = MakeMask({500, 375}, task::kNoClass);
  annotations.mask->mask.classes[0] = 1;
  const Picture annotated = Annotate(Grey(500, 375), annotations).value();
  EXPECT_EQ(annotated.size().width, 500);
  EXPECT_GE(annotated.size().height, 375 + 5 * 16);
  EXPECT_TRUE(SamePixels(annotated.bgr.rowRange(1, 375), Grey(500, 374).bgr));
}

TEST(AnnotateAllTest, BandOverThePictureStaysWhereItWas) {
  Annotations annotations;
  annotations.top = kTop;
  annotations.caption = "caption";
  const AnnotateOptions over = {.band = BandPlace::kOverPicture};
  EXPECT_EQ(Annotate(Grey(500, 375), annotations, over).value().size().height,
            375);
  annotations.mask = MakeMask({500, 375}, 2);
  EXPECT_GT(Annotate(Grey(500, 375), annotations, over).value().size().height,
            375);
}

TEST(AnnotateAllTest, LeavesItsInputUntouched) {
  const Picture picture = Grey(500, 375);
  ASSERT_TRUE(Annotate(picture, Everything(picture.size())).ok());
  EXPECT_TRUE(SamePixels(picture.bgr, Grey(500, 375).bgr));
}

TEST(AnnotateAllTest, ReservedLegendRowsKeepOneSize) {
  const Picture picture = Grey(480, 360);
  Annotations annotations = Everything(picture.size());
  for (int rows = 1; rows <= kMaxLegendRows; ++rows) {
    const AnnotateOptions options = {.legend_rows = rows};
    const Size size = Annotate(picture, annotations, options).value().size();
    Annotations other = annotations;
    other.boxes.clear();
    other.mask = MakeMask({480, 360}, 99);
    EXPECT_EQ(Annotate(picture, other, options).value().size(), size);
    other.mask.reset();
    EXPECT_EQ(Annotate(picture, other, options).value().size(), size);
  }
}

TEST(AnnotateAllTest, RowsForAllLabelsStayWithinTheirLimit) {
  const std::vector<std::string> few(2, "sky");
  const std::vector<std::string> many(1000, "sky");
  EXPECT_EQ(LegendRows(few, {480, 360}), 1);
  EXPECT_EQ(LegendRows(many, {480, 360}), kMaxLegendRows);
}

TEST(AnnotateAllTest, BoxesMayBeInPixelsOfALargerSource) {
  Annotations large;
  large.boxes = {{"bolt", 0.9f, 3, {100, 200, 600, 800}}};
  large.source = Size{4000, 3000};
  Annotations small;
  small.boxes = {{"bolt", 0.9f, 3, {10, 20, 60, 80}}};
  EXPECT_TRUE(SamePixels(Annotate(Grey(400, 300), large).value().bgr,
                         Annotate(Grey(400, 300), small).value().bgr));
}

TEST(AnnotateAllTest, AnyShapeBecomesLegible) {
  for (const Size size : {Size{1, 1}, Size{3, 500}, Size{500, 3}, Size{64, 64},
                          Size{1, 16384}, Size{16384, 1}}) {
    const auto annotated =
        Annotate(Grey(size.width, size.height), Everything(size));
    ASSERT_TRUE(annotated.ok()) << annotated.status();
    EXPECT_GE(annotated->size().width, 224);
    EXPECT_LE(annotated->size().height, 16384 + 300);
  }
}

TEST(AnnotateAllTest, EmptyPictureIsInvalid) {
  EXPECT_EQ(Annotate({}, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AnnotateAllTest, MaskThatDoesNotFillItsSizeIsInvalid) {
  Annotations annotations;
  for (const Size size : {Size{0, 0}, Size{-1, -1}, Size{10, 11}}) {
    annotations.mask = MakeMask({10, 10}, 1);
    annotations.mask->mask.size = size;
    EXPECT_EQ(Annotate(Grey(50, 50), annotations).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(AnnotateAllTest, BoxThatIsNotFiniteIsInvalid) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    Annotations annotations;
    annotations.boxes = {{"bolt", 0.9f, 3, {0, 0, 10, bad}}};
    EXPECT_EQ(Annotate(Grey(50, 50), annotations).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(AnnotateAllTest, EmptySourceIsInvalid) {
  Annotations annotations;
  annotations.source = Size{0, 100};
  EXPECT_EQ(Annotate(Grey(50, 50), annotations).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AnnotateAllTest, LegendRowsOutOfRangeAreInvalid) {
  for (const int rows : {-1, kMaxLegendRows + 1}) {
    EXPECT_EQ(Annotate(Grey(50, 50), {}, {.legend_rows = rows}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(ContactSheetTest, TilesAreEqualAndInRows) {
  const std::vector<Picture> pictures(5, Grey(480, 320));
  const Picture sheet = ContactSheet(pictures, 3).value();
  EXPECT_EQ(sheet.size(), (Size{3 * 496 + 16, 2 * 336 + 16}));
  EXPECT_EQ(sheet.bgr.at<cv::Vec3b>(16 + 336, 16 + 496), cv::Vec3b::all(128));
  EXPECT_NE(sheet.bgr.at<cv::Vec3b>(16 + 336, 16 + 992), cv::Vec3b::all(128));
  EXPECT_NE(sheet.bgr.at<cv::Vec3b>(15, 15), cv::Vec3b::all(128));
}

TEST(ContactSheetTest, OtherShapesAreCentredInTheirTile) {
  const std::vector<Picture> pictures = {Grey(480, 320), Grey(100, 200)};
  const Picture sheet = ContactSheet(pictures, 2).value();
  EXPECT_EQ(sheet.size(), (Size{2 * 496 + 16, 416 + 16}));
  EXPECT_EQ(sheet.bgr.at<cv::Vec3b>(216, 16 + 496 + 240), cv::Vec3b::all(128));
  EXPECT_NE(sheet.bgr.at<cv::Vec3b>(216, 16 + 496 + 10), cv::Vec3b::all(128));
  EXPECT_NE(sheet.bgr.at<cv::Vec3b>(20, 100), cv::Vec3b::all(128));
}

TEST(ContactSheetTest, FewerPicturesThanColumnsMakeANarrowSheet) {
  const std::vector<Picture> pictures = {Grey(480, 320)};
  EXPECT_EQ(ContactSheet(pictures, 1000000).value().size(), (Size{512, 352}));
}

TEST(ContactSheetTest, ExtremeShapesFit) {
  const std::vector<Picture> pictures = {Grey(1, 1), Grey(16384, 1),
                                         Grey(1, 16384)};
  EXPECT_EQ(ContactSheet(pictures, 2).value().size(),
            (Size{2 * 496 + 16, 2 * 416 + 16}));
}

TEST(ContactSheetTest, NoPicturesAreInvalid) {
  EXPECT_EQ(ContactSheet({}, 3).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ContactSheetTest, NoColumnsAreInvalid) {
  const std::vector<Picture> pictures(2, Grey(32, 32));
  for (const int columns : {0, -1}) {
    EXPECT_EQ(ContactSheet(pictures, columns).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(ContactSheetTest, EmptyPictureIsInvalid) {
  const std::vector<Picture> pictures(1);
  EXPECT_EQ(ContactSheet(pictures, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ContactSheetTest, TooManyPicturesAreResourceExhausted) {
  const std::vector<Picture> pictures(101, Grey(8, 8));
  EXPECT_EQ(ContactSheet(pictures, 10).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sluice::device
