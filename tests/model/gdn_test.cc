#include "common/model/gdn.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "common/model/lower_bound.h"

namespace sluice::model {
namespace {

using ::testing::HasSubstr;

// Stored roots of beta (1, 2) and gamma ((0.5, 0.25), (0, 1)).
Weights HandMadeWeights() {
  const double pedestal = std::pow(2.0, -36);
  return {{"g.beta", at::sqrt(at::tensor({1.0f, 2.0f}) + pedestal)},
          {"g.gamma", at::sqrt(at::tensor({0.5f, 0.25f, 0.0f, 1.0f}) + pedestal)
                          .reshape({2, 2})}};
}

Gdn1 MakeGdn(const Weights& weights, Gdn1::Direction direction) {
  WeightReader reader(weights);
  Gdn1 gdn(reader, "g", 2, direction);
  EXPECT_TRUE(reader.Finish().ok()) << reader.Finish();
  return gdn;
}

// One position with the values 4 and -2.
at::Tensor Input() { return at::tensor({4.0f, -2.0f}).reshape({1, 2, 1, 1}); }

TEST(Gdn1Test, DividesByTheNormOfAbsoluteValues) {
  const at::Tensor y =
      MakeGdn(HandMadeWeights(), Gdn1::Direction::kDivide)(Input()).flatten();
  // Norms: 1 + 0.5 * 4 + 0.25 * 2 = 3.5 and 2 + 0 * 4 + 1 * 2 = 4.
  EXPECT_NEAR(y[0].item<float>(), 4.0 / 3.5, 1e-6);
  EXPECT_NEAR(y[1].item<float>(), -2.0 / 4.0, 1e-6);
}

TEST(Gdn1Test, InverseMultipliesByIt) {
  const at::Tensor y =
      MakeGdn(HandMadeWeights(), Gdn1::Direction::kMultiply)(Input()).flatten();
  EXPECT_NEAR(y[0].item<float>(), 4.0 * 3.5, 1e-5);
  EXPECT_NEAR(y[1].item<float>(), -2.0 * 4.0, 1e-5);
}

TEST(Gdn1Test, RootsBelowTheirBoundCountAsTheBound) {
  Weights weights = HandMadeWeights();
  weights["g.beta"].fill_(-1.0f);
  weights["g.gamma"].fill_(-1.0f);
  const at::Tensor y = MakeGdn(weights, Gdn1::Direction::kDivide)(Input());
  // Beta is 1e-6 and gamma 0.
  EXPECT_NEAR(y.flatten()[0].item<float>(), 4e6, 4e2);
}

TEST(Gdn1Test, FreshNormsAreHalfTheirOwnChannelAndHalfTheMeanOfAll) {
  Weights weights;
  InitGdn1("g", 2, &weights);
  const at::Tensor y =
      MakeGdn(weights, Gdn1::Direction::kDivide)(Input()).flatten();
  EXPECT_NEAR(y[0].item<float>(), 4.0 / (1 + 2 + 1.5), 1e-5);
  EXPECT_NEAR(y[1].item<float>(), -2.0 / (1 + 1 + 1.5), 1e-5);
}

TEST(Gdn1Test, WeightOfAnotherShapeIsNamed) {
  Weights weights = HandMadeWeights();
  weights["g.gamma"] = at::zeros({2, 3});
  WeightReader reader(weights);
  const Gdn1 gdn(reader, "g", 2, Gdn1::Direction::kDivide);
  EXPECT_THAT(std::string(reader.Finish().message()), HasSubstr("g.gamma"));
}

TEST(LowerBoundTest, GradientPassesBelowTheBoundOnlyWhereItRaises) {
  at::Tensor x = at::tensor({-1.0f, -1.0f, 2.0f, 2.0f});
  x.requires_grad_(true);
  const at::Tensor bounded = LowerBound(x, 0.5);
  EXPECT_TRUE(at::equal(bounded.detach(), at::tensor({.5f, .5f, 2.f, 2.f})));
  (bounded * at::tensor({1.0f, -1.0f, 1.0f, -1.0f})).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::tensor({0.f, -1.f, 1.f, -1.f})));
}

}  // namespace
}  // namespace sluice::model
