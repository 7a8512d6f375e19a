#include "common/vision/geometry.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::vision {
namespace {

using ::testing::HasSubstr;

ViewRule Rule(const char* text) { return ParseViewRule(text).value(); }

TEST(ViewRuleTest, ParsesItsThreeForms) {
  EXPECT_EQ(Rule("crop:224"), (ViewRule{ViewRule::Kind::kCrop, {224, 224}, 0}));
  EXPECT_EQ(Rule("crop:224/256"),
            (ViewRule{ViewRule::Kind::kCrop, {224, 224}, 256}));
  EXPECT_EQ(Rule("fit:640x480"),
            (ViewRule{ViewRule::Kind::kFit, {640, 480}, 0}));
}

TEST(ViewRuleTest, PrintsWhatItParses) {
  for (const char* text : {"crop:1", "crop:224/256", "fit:2048x1"}) {
    EXPECT_EQ(ToString(Rule(text)), text);
  }
}

TEST(ViewRuleTest, RefusesEverythingElseAndSaysWhatWasExpected) {
  for (const char* text : {"",
                           "crop",
                           "crop:",
                           "crop:0",
                           "crop:-1",
                           "crop:+5",
                           "crop:224x224",
                           "crop:2049",
                           "crop:224/",
                           "crop:/256",
                           "crop:224/0",
                           "crop:224/223",
                           "crop:224/16385",
                           "crop:224/256/256",
                           "crop: 224",
                           "crop:224 ",
                           "crop:99999999999",
                           "fit:",
                           "fit:640",
                           "fit:640x",
                           "fit:x480",
                           "fit:640x0",
                           "fit:0x480",
                           "fit:640x480x3",
                           "fit:640X480",
                           "fit:2049x1",
                           "fit:1x2049",
                           "fit:640.5x480",
                           "resize:224",
                           "CROP:224",
                           "224"}) {
    const absl::Status status = ParseViewRule(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("expected crop:N"));
  }
}

TEST(GeometryTest, CropTakesTheCentreOfTheResizedPicture) {
  const Geometry g = MakeGeometry({500, 375}, Rule("crop:224"), 32).value();
  EXPECT_EQ(g.source, (Size{500, 375}));
  EXPECT_EQ(g.valid, (Size{224, 224}));
  EXPECT_EQ(g.padded, (Size{224, 224}));
  EXPECT_DOUBLE_EQ(g.scale_y, 375.0 / 224);
  EXPECT_DOUBLE_EQ(g.scale_x, 500.0 / 299);  // 298.67, rounded.
  EXPECT_DOUBLE_EQ(g.offset_y, 0.0);
  EXPECT_DOUBLE_EQ(g.offset_x, 37 * 500.0 / 299);  // floor((299 - 224) / 2).
}

TEST(GeometryTest, CropWithShortSideLeavesAMargin) {
  const Geometry g = MakeGeometry({512, 512}, Rule("crop:224/256"), 32).value();
  EXPECT_DOUBLE_EQ(g.scale_x, 2.0);
  EXPECT_DOUBLE_EQ(g.offset_x, 32.0);
  EXPECT_DOUBLE_EQ(g.offset_y, 32.0);
}

TEST(GeometryTest, CropOf227At227IsAShiftByOnePixel) {
  const Geometry g = MakeGeometry({227, 227}, Rule("crop:224/227"), 32).value();
  EXPECT_EQ(g.valid, (Size{224, 224}));
  EXPECT_EQ(g.scale_x, 1.0);
  EXPECT_EQ(g.scale_y, 1.0);
  EXPECT_EQ(g.offset_x, 1.0);
  EXPECT_EQ(g.offset_y, 1.0);
}

TEST(GeometryTest, FitMapsCornersOntoCorners) {
  for (const Size source : {Size{1, 1}, Size{8000, 6000}, Size{333, 777},
                            Size{16384, 1}, Size{1, 16384}, Size{640, 480}}) {
    const Geometry g = MakeGeometry(source, Rule("fit:640x480"), 32).value();
    EXPECT_EQ(g.offset_x, 0.0);
    EXPECT_EQ(g.offset_y, 0.0);
    EXPECT_DOUBLE_EQ(g.valid.width * g.scale_x, source.width);
    EXPECT_DOUBLE_EQ(g.valid.height * g.scale_y, source.height);
    EXPECT_LE(g.valid.width, 640);
    EXPECT_LE(g.valid.height, 480);
    EXPECT_TRUE(g.valid.width == 640 || g.valid.height == 480);
    EXPECT_EQ(g.padded.width % 32, 0);
    EXPECT_EQ(g.padded.height % 32, 0);
    EXPECT_LT(g.padded.width - g.valid.width, 32);
    EXPECT_LT(g.padded.height - g.valid.height, 32);
  }
}

TEST(GeometryTest, FitKeepsAtLeastOnePixelPerSide) {
  const Geometry g = MakeGeometry({16384, 1}, Rule("fit:640x480"), 32).value();
  EXPECT_EQ(g.valid, (Size{640, 1}));
  EXPECT_EQ(g.padded, (Size{640, 32}));
}

TEST(GeometryTest, FitEnlargesAsWell) {
  const Geometry g = MakeGeometry({16, 9}, Rule("fit:640x480"), 32).value();
  EXPECT_EQ(g.valid, (Size{640, 360}));
  EXPECT_EQ(g.padded, (Size{640, 384}));
  EXPECT_DOUBLE_EQ(g.scale_x, 0.025);
}

TEST(GeometryTest, CropLiesWithinAnySource) {
  for (const Size source : {Size{1, 1}, Size{8000, 6000}, Size{1, 16384},
                            Size{16384, 3}, Size{225, 224}}) {
    for (const char* rule : {"crop:224", "crop:224/256", "crop:1/3"}) {
      const Geometry g = MakeGeometry(source, Rule(rule), 32).value();
      EXPECT_GE(g.offset_x, 0.0);
      EXPECT_GE(g.offset_y, 0.0);
      EXPECT_LE(g.offset_x + g.valid.width * g.scale_x, source.width + 1e-9);
      EXPECT_LE(g.offset_y + g.valid.height * g.scale_y, source.height + 1e-9);
    }
  }
}

TEST(GeometryTest, SourceMustNotBeEmptyOrHuge) {
  for (const Size source :
       {Size{0, 5}, Size{5, 0}, Size{-1, 5}, Size{16385, 5}, Size{5, 16385}}) {
    EXPECT_EQ(MakeGeometry(source, Rule("crop:224"), 32).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(GeometryTest, RuleMadeByHandIsChecked) {
  using enum ViewRule::Kind;
  for (const ViewRule& rule :
       {ViewRule{kCrop, {224, 225}, 0}, ViewRule{kCrop, {0, 0}, 0},
        ViewRule{kCrop, {224, 224}, 223}, ViewRule{kFit, {640, 480}, 7},
        ViewRule{kFit, {-640, 480}, 0}, ViewRule{}}) {
    EXPECT_EQ(MakeGeometry({9, 9}, rule, 32).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(GeometryTest, PadMultipleMustBePositive) {
  for (const int multiple : {0, -32}) {
    EXPECT_EQ(MakeGeometry({9, 9}, Rule("crop:8"), multiple).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(GeometryTest, PaddedViewIsBounded) {
  EXPECT_TRUE(MakeGeometry({9, 9}, Rule("crop:2048"), 32).ok());
  for (const int multiple : {3, 4096, 2147483647}) {
    EXPECT_EQ(MakeGeometry({9, 9}, Rule("crop:2048"), multiple).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace sluice::vision
