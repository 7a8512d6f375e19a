#include "server/segmentation.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "common/task/segmentation.h"
#include "gmock/gmock.h"

namespace sluice::server {
namespace {

using ::testing::ElementsAre;

const std::vector<std::string> kLabels = {"road", "sky"};

// The whole source, 8 x 4 pixels, is the view.
vision::Geometry Whole() {
  return {.source = {8, 4}, .valid = {8, 4}, .padded = {8, 4}};
}

// [2,1,2]: class 0 on the left, 1 on the right.
const std::vector<float> kLogits = {1, -1, -1, 1};

TEST(SegmentationTest, MaskIsAPngOfClassIndicesByDefault) {
  const auto result = SegmentPicture(kLogits, 1, 2, kLabels, Whole(), {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->width(), 8u);
  EXPECT_EQ(result->height(), 4u);
  EXPECT_THAT(result->labels(), ElementsAre("road", "sky"));
  const std::string& png = result->png();
  const auto mask = task::DecodePng(
      {reinterpret_cast<const uint8_t*>(png.data()), png.size()});
  ASSERT_TRUE(mask.ok()) << mask.status();
  EXPECT_EQ(mask->size, (vision::Size{8, 4}));
  EXPECT_THAT(
      std::vector<uint8_t>(mask->classes.begin(), mask->classes.begin() + 8),
      ElementsAre(0, 0, 0, 0, 1, 1, 1, 1));
}

TEST(SegmentationTest, RunLengthsSayTheSame) {
  const auto result = SegmentPicture(kLogits, 1, 2, kLabels, Whole(),
                                     {.format = v1::MASK_FORMAT_RUN_LENGTHS});
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->has_png());
  EXPECT_THAT(result->run_lengths().class_index(),
              ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(result->run_lengths().length(),
              ElementsAre(4, 4, 4, 4, 4, 4, 4, 4));
}

TEST(SegmentationTest, UnspecifiedFormatIsPng) {
  const auto result = SegmentPicture(kLogits, 1, 2, kLabels, Whole(),
                                     {.format = v1::MASK_FORMAT_UNSPECIFIED});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->has_png());
}

TEST(SegmentationTest, LongSideShrinksToTheOneAskedFor) {
  const auto result =
      SegmentPicture(kLogits, 1, 2, kLabels, Whole(), {.max_side = 4});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->width(), 4u);
  EXPECT_EQ(result->height(), 2u);
}

TEST(SegmentationTest, MaskIsNeverLargerThanItsSource) {
  const auto result =
      SegmentPicture(kLogits, 1, 2, kLabels, Whole(), {.max_side = 16384});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->width(), 8u);
}

TEST(SegmentationTest, MaskBeyondTheLimitsOfPicturesIsResourceExhausted) {
  vision::Geometry huge = Whole();
  huge.source = {16384, 16384};
  EXPECT_EQ(SegmentPicture(kLogits, 1, 2, kLabels, huge, {.max_side = 16384})
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(SegmentationTest, NanIsInternal) {
  const std::vector<float> logits = {
      1, -1, std::numeric_limits<float>::quiet_NaN(), 1};
  EXPECT_EQ(SegmentPicture(logits, 1, 2, kLabels, Whole(), {}).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace sluice::server
