#include "common/model/weights.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/layers.h"

namespace sluice::model {
namespace {

using ::testing::HasSubstr;

TEST(WeightReaderTest, MissingTensorIsNamed) {
  const Weights weights;
  WeightReader reader(weights);
  reader.Take("stem.weight", {4, 3});
  EXPECT_THAT(std::string(reader.Finish().message()),
              HasSubstr("stem.weight: expected shape [4,3], found none"));
}

TEST(WeightReaderTest, MisshapenTensorSaysBothShapes) {
  const Weights weights = {{"w", at::zeros({4, 2})}};
  WeightReader reader(weights);
  reader.Take("w", {4, 3});
  EXPECT_THAT(std::string(reader.Finish().message()),
              HasSubstr("expected shape [4,3], found [4,2]"));
}

TEST(WeightReaderTest, SurplusTensorIsNamed) {
  const Weights weights = {{"a", at::zeros({1})}, {"b", at::zeros({1})}};
  WeightReader reader(weights);
  reader.Take("a", {1});
  EXPECT_THAT(std::string(reader.Finish().message()), HasSubstr("tensor b"));
}

TEST(WeightsTest, FloatsSurviveStorageAndKeepTheirValues) {
  const Weights weights = {{"conv", at::randn({8, 4, 3, 3})}};
  const auto stored = TensorsFromWeights(weights, StoredPrecision::kFloat);
  const auto loaded = WeightsFromTensors(stored);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(at::equal(loaded->at("conv"), weights.at("conv")));
}

TEST(WeightsTest, HalvesRoundWithinHalfPrecision) {
  const Weights weights = {{"w", at::randn({64})}};
  const auto loaded =
      WeightsFromTensors(TensorsFromWeights(weights, StoredPrecision::kHalf));
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(
      at::equal(loaded->at("w"), weights.at("w").to(at::kHalf).to(at::kFloat)));
}

TEST(WeightsTest, IntegersAreNotWeights) {
  artifact::TensorMap tensors;
  const std::vector<int32_t> values = {1, 2};
  tensors["w"] = artifact::MakeInts(values, {2});
  EXPECT_EQ(WeightsFromTensors(tensors).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(ConvTest, RightBottomPaddingSeesNothingAboveOrLeft) {
  // One input pixel per corner, a kernel whose first tap alone is set: with
  // padding at the far ends only, output (0,0) is input (0,0).
  at::Tensor kernel = at::zeros({1, 1, 3, 3});
  kernel.data_ptr<float>()[0] = 1.0f;
  const Weights weights = {{"c.weight", kernel}, {"c.bias", at::zeros({1})}};
  WeightReader reader(weights);
  const Conv conv(reader, "c",
                  {.in_channels = 1,
                   .out_channels = 1,
                   .kernel = 3,
                   .stride = 2,
                   .padding = Padding::kRightBottom});
  ASSERT_TRUE(reader.Finish().ok());
  const at::Tensor x = at::arange(16, at::kFloat).reshape({1, 1, 4, 4});
  const at::Tensor y = conv(x);
  EXPECT_TRUE(at::equal(
      y, at::tensor({0.0f, 2.0f, 8.0f, 10.0f}).reshape({1, 1, 2, 2})));
}

}  // namespace
}  // namespace sluice::model
