#include "server/classification.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace sluice::server {
namespace {

const std::vector<std::string> kLabels = {"ant", "bee", "cat", "dog"};

TEST(ClassificationTest, ScoresAreTheSoftmaxBestFirst) {
  const std::vector<float> logits = {0.0f, std::log(6.0f), std::log(2.0f),
                                     0.0f};
  const auto result = ClassifyLogits(logits, kLabels, 2, 0.0f);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->top_size(), 2);
  EXPECT_EQ(result->top(0).label(), "bee");
  EXPECT_EQ(result->top(0).index(), 1u);
  EXPECT_NEAR(result->top(0).score(), 0.6f, 1e-6f);
  EXPECT_NEAR(result->top(1).score(), 0.2f, 1e-6f);
}

TEST(ClassificationTest, LargeLogitsDoNotOverflow) {
  const std::vector<float> logits = {3e38f, -3e38f, 0.0f, 0.0f};
  const auto result = ClassifyLogits(logits, kLabels, 1, 0.0f);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->top(0).score(), 1.0f);
}

TEST(ClassificationTest, TiesAreInOrderOfIndex) {
  const std::vector<float> logits(4, 1.0f);
  const auto result = ClassifyLogits(logits, kLabels, 9, 0.0f);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->top_size(), 4);
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(result->top(i).index(), i);
}

TEST(ClassificationTest, ScoresUnderTheThresholdAreLeftOut) {
  const std::vector<float> logits(4, 1.0f);
  const auto result = ClassifyLogits(logits, kLabels, 4, 0.3f);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->top_size(), 0);
}

TEST(ClassificationTest, NanIsAnErrorNamingTheClass) {
  const std::vector<float> logits = {
      0.0f, 0.0f, std::numeric_limits<float>::quiet_NaN(), 0.0f};
  const absl::Status status = ClassifyLogits(logits, kLabels, 4, 0.0f).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("class 2"));
}

}  // namespace
}  // namespace sluice::server
