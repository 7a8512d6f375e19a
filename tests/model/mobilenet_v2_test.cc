#include "common/model/mobilenet_v2.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/model/teacher.h"

namespace sluice::model {
namespace {

// Where the measuring data lies; the project builds and passes without it.
std::filesystem::path DataFolder() {
  const char* folder = std::getenv("SLUICE_DATA");
  return folder != nullptr
             ? std::filesystem::path(folder)
             : std::filesystem::path(SLUICE_SOURCE_DIR) / "../shared/data";
}

TEST(MobileNetTest, SplitCutsBeforeBlockFour) {
  const Weights whole = {
      {"stem.weight", {}},         {"block3.project.bias", {}},
      {"block4.expand.bias", {}},  {"block13.expand.bias", {}},
      {"block16.expand.bias", {}}, {"classifier.bias", {}}};
  const MobileNetWeights split = SplitMobileNet(whole);
  EXPECT_EQ(split.entrance.size(), 2u);
  EXPECT_EQ(split.tail.size(), 4u);
  EXPECT_TRUE(split.tail.contains("block13.expand.bias"));
}

TEST(MobileNetTest, PublishedWeightsAreSureOfAFlatPicture) {
  const std::filesystem::path weights =
      DataFolder() / "mobilenet_v2_imagenet.safetensors";
  if (!std::filesystem::exists(weights)) {
    GTEST_SKIP() << "needs " << weights << " (set SLUICE_DATA)";
  }
  const auto teacher = LoadTeacher(weights);
  ASSERT_TRUE(teacher.ok()) << teacher.status();
  base::FloatTensor picture{.shape = {1, 3, 224, 224}, .values = {}};
  picture.values.assign(3 * 224 * 224, 0.0f);
  const auto logits = (*teacher)->Run(picture);
  ASSERT_TRUE(logits.ok()) << logits.status();
  ASSERT_EQ(logits->values.size(), 1000u);
  const auto [low, high] =
      std::minmax_element(logits->values.begin(), logits->values.end());
  EXPECT_GT(*high - *low, 5.0f);
}

}  // namespace
}  // namespace sluice::model
