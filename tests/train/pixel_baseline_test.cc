#include "models/train/pixel_baseline.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

TEST(PixelBaselineTest, NamesGoBothWays) {
  for (const char* name : {"jpeg", "webp"}) {
    const auto format = ParseBaselineName(name);
    ASSERT_TRUE(format.ok()) << format.status();
    EXPECT_EQ(BaselineName(*format), name);
  }
}

TEST(PixelBaselineTest, OtherNamesAreRefused) {
  for (const char* name : {"", "JPEG", "heic", "png"}) {
    const auto format = ParseBaselineName(name);
    EXPECT_EQ(format.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(format.status().message(), HasSubstr(name));
  }
}

TEST(PixelBaselineTest, QualitiesAscendWithinTheCodecsRange) {
  for (const auto format :
       {vision::PictureFormat::kJpeg, vision::PictureFormat::kWebp}) {
    int last = 0;
    for (const PixelBaseline& baseline : BaselineSweep(format)) {
      EXPECT_EQ(baseline.format, format);
      EXPECT_GT(baseline.quality, last);
      EXPECT_LE(baseline.quality, 100);
      last = baseline.quality;
    }
  }
}

}  // namespace
}  // namespace sluice::train
