#include "common/task/segmentation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::task {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vision::Geometry;
using vision::Size;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Geometry GeometryOf(Size source, const char* rule) {
  return vision::MakeGeometry(source, vision::ParseViewRule(rule).value(), 32)
      .value();
}

struct Logits {
  int num_classes;
  int height;
  int width;
  std::vector<float> values;

  Logits(int k, int h, int w)
      : num_classes(k),
        height(h),
        width(w),
        values(static_cast<size_t>(k) * h * w) {}

  float& at(int k, int y, int x) {
    return values[(static_cast<size_t>(k) * height + y) * width + x];
  }

  absl::StatusOr<Mask> TryMask(const Geometry& geometry, Size size) const {
    return MaskFromLogits(values, num_classes, height, width, geometry, size);
  }

  Mask ToMask(const Geometry& geometry, Size size) const {
    return TryMask(geometry, size).value();
  }
};

// Class 1 leads class 0 by `left` in the columns before `boundary`, by `right`
// in the others.
Logits SplitByColumn(int height, int width, int boundary, float left,
                     float right) {
  Logits logits(2, height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      logits.at(1, y, x) = x < boundary ? left : right;
    }
  }
  return logits;
}

Logits SplitByRow(int height, int width, int boundary, float above,
                  float below) {
  Logits logits(2, height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      logits.at(1, y, x) = y < boundary ? above : below;
    }
  }
  return logits;
}

uint8_t At(const Mask& mask, int x, int y) {
  return mask.classes[static_cast<size_t>(y) * mask.size.width + x];
}

// Class 0 before `boundary`, 1 from there on, in every row.
void ExpectColumns(const Mask& mask, int boundary) {
  for (int y = 0; y < mask.size.height; ++y) {
    for (int x = 0; x < mask.size.width; ++x) {
      ASSERT_EQ(At(mask, x, y), x < boundary ? 0 : 1) << x << ", " << y;
    }
  }
}

void ExpectRows(const Mask& mask, int boundary) {
  for (int y = 0; y < mask.size.height; ++y) {
    for (int x = 0; x < mask.size.width; ++x) {
      ASSERT_EQ(At(mask, x, y), y < boundary ? 0 : 1) << x << ", " << y;
    }
  }
}

TEST(MaskFromLogitsTest, BoundaryOfAFitViewLandsOnItsSourceColumn) {
  // Stride 8: the logits cross at view column 240, twice that in the source.
  const Geometry g = GeometryOf({960, 704}, "fit:480x352");
  const Logits logits = SplitByColumn(44, 60, 30, -1, 1);
  ExpectColumns(logits.ToMask(g, {960, 704}), 480);
}

TEST(MaskFromLogitsTest, BoundaryLandsOnItsSourceRow) {
  const Geometry g = GeometryOf({960, 704}, "fit:480x352");
  const Logits logits = SplitByRow(44, 60, 11, -1, 1);
  ExpectRows(logits.ToMask(g, {960, 704}), 176);
}

TEST(MaskFromLogitsTest, LogitsAreInterpolatedBetweenTheirCentres) {
  // From -3 at view column 100 to 1 at 108: zero at 106, twice that in the
  // source.
  const Geometry g = GeometryOf({448, 448}, "fit:224x224");
  const Logits logits = SplitByColumn(28, 28, 13, -3, 1);
  ExpectColumns(logits.ToMask(g, {448, 448}), 212);
  const Logits rows = SplitByRow(28, 28, 13, -3, 1);
  ExpectRows(rows.ToMask(g, {448, 448}), 212);
}

TEST(MaskFromLogitsTest, StrideMayBeAnything) {
  const Geometry g = GeometryOf({448, 448}, "fit:224x224");
  for (const int side : {2, 14, 28, 56, 112, 224, 448}) {
    ExpectColumns(
        SplitByColumn(side, side, side / 2, -1, 1).ToMask(g, g.source), 224);
  }
}

TEST(MaskFromLogitsTest, SmallerMaskShowsTheSamePlaces) {
  const Geometry g = GeometryOf({960, 704}, "fit:480x352");
  const Logits logits = SplitByColumn(44, 60, 30, -1, 1);
  ExpectColumns(logits.ToMask(g, {480, 352}), 240);
  ExpectColumns(logits.ToMask(g, {30, 22}), 15);
  EXPECT_THAT(logits.ToMask(g, {2, 1}).classes, ElementsAre(0, 1));
}

TEST(MaskFromLogitsTest, EnlargedPictureIsShrunkAgain) {
  const Geometry g = GeometryOf({160, 120}, "fit:640x480");
  ExpectColumns(SplitByColumn(60, 80, 20, -1, 1).ToMask(g, {160, 120}), 40);
}

TEST(MaskFromLogitsTest, CropViewLandsOnItsSourceColumnsAndLeavesTheRestOut) {
  // Scale 2, and 32 source pixels off each side: view column 104 is 240.
  const Geometry g = GeometryOf({512, 512}, "crop:224/256");
  const Mask mask = SplitByColumn(28, 28, 13, -1, 1).ToMask(g, {512, 512});
  for (int y = 0; y < 512; ++y) {
    for (int x = 0; x < 512; ++x) {
      const bool is_shown = x >= 32 && x < 480 && y >= 32 && y < 480;
      ASSERT_EQ(At(mask, x, y), !is_shown ? kNoClass
                                : x < 240 ? 0
                                          : 1)
          << x << ", " << y;
    }
  }
}

TEST(MaskFromLogitsTest, WideCropLeavesOutItsSides) {
  // Scale 2; 800 x 448 becomes 400 x 224, of which columns 88..311 are shown.
  const Geometry g = GeometryOf({800, 448}, "crop:224");
  const Mask mask = SplitByColumn(28, 28, 14, -1, 1).ToMask(g, {400, 224});
  for (int y = 0; y < 224; ++y) {
    for (int x = 0; x < 400; ++x) {
      const bool is_shown = x >= 88 && x < 312;
      ASSERT_EQ(At(mask, x, y), !is_shown ? kNoClass
                                : x < 200 ? 0
                                          : 1)
          << x << ", " << y;
    }
  }
}

TEST(MaskFromLogitsTest, PaddingDoesNotLeakIntoTheMask) {
  // 480 x 354 padded to 480 x 384; logit row 44 still sees rows 352 and 353.
  const Geometry g = GeometryOf({480, 354}, "fit:480x360");
  ASSERT_EQ(g.padded, (Size{480, 384}));
  ExpectRows(SplitByRow(48, 60, 45, -1, 1e30f).ToMask(g, g.source), 354);
  // At stride 2 the padding begins with logit row 177, at stride 1 with 354.
  ExpectRows(SplitByRow(192, 240, 177, -1, 1e30f).ToMask(g, g.source), 354);
  ExpectRows(SplitByRow(384, 480, 354, -1, 1e30f).ToMask(g, g.source), 354);
}

TEST(MaskFromLogitsTest, PaddingOnTheRightDoesNotLeakEither) {
  const Geometry g = GeometryOf({360, 480}, "fit:360x480");
  ASSERT_EQ(g.padded, (Size{384, 480}));
  ExpectColumns(SplitByColumn(60, 48, 45, -1, 1e30f).ToMask(g, g.source), 360);
}

TEST(MaskFromLogitsTest, PaddingDoesNotLeakAtAStrideThatIsNoWholeNumber) {
  for (int side = 1; side <= 64; ++side) {
    const Geometry g = GeometryOf({64, side}, "fit:64x64");
    for (const int logits_side : {1, 3, 7, 11, 64, 100}) {
      // The first row that saw padding alone.
      const int boundary =
          (side * logits_side + g.padded.height - 1) / g.padded.height;
      ExpectRows(
          SplitByRow(logits_side, 5, boundary, -1, 1e30f).ToMask(g, g.source),
          side);
    }
  }
}

TEST(MaskFromLogitsTest, AgreesWithPlainInterpolation) {
  constexpr int kClasses = 7;
  const Geometry g = GeometryOf({333, 250}, "crop:96/128");
  Logits logits(kClasses, 12, 12);
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  for (float& v : logits.values) v = normal(random);
  const Size size{301, 226};
  const Mask mask = logits.ToMask(g, size);
  int num_shown = 0;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double view_x =
          ((x + 0.5) * 333 / size.width - g.offset_x) / g.scale_x;
      const double view_y =
          ((y + 0.5) * 250 / size.height - g.offset_y) / g.scale_y;
      if (view_x < 0 || view_x >= 96 || view_y < 0 || view_y >= 96) {
        ASSERT_EQ(At(mask, x, y), kNoClass);
        continue;
      }
      ++num_shown;
      const double u = std::clamp(view_x / 8 - 0.5, 0.0, 11.0);
      const double v = std::clamp(view_y / 8 - 0.5, 0.0, 11.0);
      const int x0 = static_cast<int>(u);
      const int y0 = static_cast<int>(v);
      const int x1 = std::min(x0 + 1, 11);
      const int y1 = std::min(y0 + 1, 11);
      const auto logit = [&](int k) {
        return (logits.at(k, y0, x0) * (1 - (u - x0)) +
                logits.at(k, y0, x1) * (u - x0)) *
                   (1 - (v - y0)) +
               (logits.at(k, y1, x0) * (1 - (u - x0)) +
                logits.at(k, y1, x1) * (u - x0)) *
                   (v - y0);
      };
      const int found = At(mask, x, y);
      ASSERT_LT(found, kClasses);
      for (int k = 0; k < kClasses; ++k) {
        ASSERT_GE(logit(found), logit(k) - 1e-5) << x << ", " << y;
      }
    }
  }
  EXPECT_GT(num_shown, 10000);
}

TEST(MaskFromLogitsTest, OfEqualLogitsTheFirstClassWins) {
  const Geometry g = GeometryOf({32, 32}, "fit:32x32");
  EXPECT_THAT(Logits(5, 4, 4).ToMask(g, g.source).classes, Each(0));
  Logits logits(3, 1, 1);
  logits.values = {-5, -2, -2};
  EXPECT_THAT(logits.ToMask(g, g.source).classes, Each(1));
}

TEST(MaskFromLogitsTest, AllClassesCanWin) {
  const Geometry g = GeometryOf({32, 32}, "fit:32x32");
  Logits logits(255, 1, 1);
  logits.values[254] = 1;
  EXPECT_THAT(logits.ToMask(g, g.source).classes, Each(254));
  EXPECT_THAT(Logits(1, 3, 3).ToMask(g, g.source).classes, Each(0));
}

TEST(MaskFromLogitsTest, ExtremeLogitsDoNotOverflow) {
  constexpr float kHuge = std::numeric_limits<float>::max();
  const Geometry g = GeometryOf({64, 64}, "fit:64x64");
  ExpectColumns(SplitByColumn(8, 8, 4, -kHuge, kHuge).ToMask(g, g.source), 32);
}

TEST(MaskFromLogitsTest, SourceOfOnePixelTakesTheMiddle) {
  const Geometry g = GeometryOf({1, 1}, "fit:64x32");
  EXPECT_THAT(SplitByColumn(1, 2, 1, 3, -1).ToMask(g, {1, 1}).classes,
              ElementsAre(1));
}

TEST(MaskFromLogitsTest, ViewBesideTheSourceShowsNothing) {
  Geometry g = GeometryOf({64, 64}, "fit:64x64");
  for (const double offset : {-64.0, 64.0, 1e308, -1e308}) {
    g.offset_x = offset;
    EXPECT_THAT(Logits(2, 8, 8).ToMask(g, g.source).classes, Each(kNoClass));
  }
}

TEST(MaskFromLogitsTest, NumberOfLogitsMustFit) {
  const Geometry g = GeometryOf({64, 64}, "fit:64x64");
  const std::vector<float> logits(128);
  constexpr int kMax = std::numeric_limits<int>::max();
  for (const auto& [k, h, w] : {std::tuple{2, 8, 7},
                                {2, 8, 9},
                                {1, 8, 8},
                                {3, 8, 8},
                                {2, 0, 8},
                                {2, 8, 0},
                                {2, -8, -8},
                                {2, -8, 8},
                                {255, kMax, kMax},
                                {128, kMax, kMax}}) {
    const absl::Status status =
        MaskFromLogits(logits, k, h, w, g, g.source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << k << " " << h << " " << w;
    EXPECT_THAT(std::string(status.message()), HasSubstr("found 128 numbers"));
  }
  EXPECT_EQ(MaskFromLogits({}, 2, 8, 8, g, g.source).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MaskFromLogitsTest, NumberOfClassesIsBounded) {
  const Geometry g = GeometryOf({64, 64}, "fit:64x64");
  const std::vector<float> logits(256);
  for (const int k : {0, -1, 256}) {
    const absl::Status status =
        MaskFromLogits(logits, k, 1, 1, g, g.source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("expected 1..255 classes"));
  }
}

TEST(MaskFromLogitsTest, MaskMustFitItsSource) {
  const Geometry g = GeometryOf({64, 48}, "fit:64x64");
  for (const Size size :
       {Size{0, 48}, Size{64, 0}, Size{-64, -48}, Size{65, 48}, Size{64, 49}}) {
    EXPECT_EQ(Logits(2, 8, 8).TryMask(g, size).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(MaskFromLogitsTest, MaskBeyondPictureLimitsIsRefused) {
  const Geometry g = GeometryOf({16384, 16384}, "fit:64x64");
  EXPECT_EQ(Logits(2, 8, 8).TryMask(g, g.source).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(MaskFromLogitsTest, GeometryMadeByHandIsChecked) {
  const Geometry good = GeometryOf({64, 64}, "fit:64x64");
  const auto expect_invalid = [](const Geometry& g) {
    EXPECT_EQ(Logits(2, 8, 8).TryMask(g, {64, 64}).status().code(),
              absl::StatusCode::kInvalidArgument);
  };
  for (const double scale : {0.0, -1.0, std::nan("")}) {
    Geometry g = good;
    g.scale_x = scale;
    expect_invalid(g);
    g = good;
    g.scale_y = scale;
    expect_invalid(g);
  }
  for (const double offset : {std::nan(""), static_cast<double>(kInfinity)}) {
    Geometry g = good;
    g.offset_y = offset;
    expect_invalid(g);
  }
  for (const auto& [valid, padded] : {std::pair{Size{65, 64}, Size{64, 64}},
                                      {Size{0, 64}, Size{64, 64}},
                                      {Size{}, Size{}},
                                      {Size{64, 64}, Size{4096, 64}}}) {
    Geometry g = good;
    g.valid = valid;
    g.padded = padded;
    expect_invalid(g);
  }
  expect_invalid(Geometry{});
}

TEST(MaskFromLogitsTest, LogitThatIsNoNumberIsInternal) {
  const Geometry g = GeometryOf({64, 64}, "fit:64x64");
  for (const float bad : {kNan, kInfinity, -kInfinity}) {
    Logits logits(2, 8, 8);
    logits.at(1, 7, 7) = bad;
    const absl::Status status = logits.TryMask(g, g.source).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("logit 127"));
  }
}

TEST(MaskSizeTest, KeepsWhatIsSmallEnough) {
  EXPECT_EQ(MaskSize({640, 480}, 640), (Size{640, 480}));
  EXPECT_EQ(MaskSize({480, 640}, 1000), (Size{480, 640}));
  EXPECT_EQ(MaskSize({1, 1}, 1), (Size{1, 1}));
}

TEST(MaskSizeTest, ShrinksTheLongSideAndRoundsTheOther) {
  EXPECT_EQ(MaskSize({640, 480}, 320), (Size{320, 240}));
  EXPECT_EQ(MaskSize({480, 640}, 320), (Size{240, 320}));
  EXPECT_EQ(MaskSize({500, 375}, 250), (Size{250, 188}));  // 187.5 goes up.
  EXPECT_EQ(MaskSize({1000, 333}, 100), (Size{100, 33}));
  EXPECT_EQ(MaskSize({1000, 337}, 100), (Size{100, 34}));
  EXPECT_EQ(MaskSize({700, 700}, 699), (Size{699, 699}));
}

TEST(MaskSizeTest, KeepsAtLeastOnePixel) {
  EXPECT_EQ(MaskSize({16384, 1}, 100), (Size{100, 1}));
  EXPECT_EQ(MaskSize({3, 16384}, 1), (Size{1, 1}));
  EXPECT_EQ(MaskSize({640, 480}, 0), (Size{1, 1}));
}

}  // namespace
}  // namespace sluice::task
