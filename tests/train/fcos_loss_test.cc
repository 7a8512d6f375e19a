#include "models/train/training/fcos_loss.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

namespace sluice::train {
namespace {

using Truths = std::vector<std::vector<GroundTruth>>;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Requires gradients.
model::FcosOutput Constant(int64_t num_samples, const model::FcosGrid& grid,
                           int num_classes, double logit, double distance) {
  const int64_t n = num_samples, p = grid.strides.size(0);
  return {
      .class_logits = at::full({n, p, num_classes}, logit).requires_grad_(true),
      .distances = at::full({n, p, 4}, distance).requires_grad_(true),
      .iou_logits = at::zeros({n, p}).requires_grad_(true)};
}

at::Tensor Sum(const FcosLoss& loss) {
  return loss.classes + loss.boxes + loss.ious;
}

bool IsFinite(const at::Tensor& x) { return x.isfinite().all().item<bool>(); }

void ExpectFiniteGradients(const model::FcosOutput& output) {
  EXPECT_TRUE(IsFinite(output.class_logits.grad()));
  EXPECT_TRUE(IsFinite(output.distances.grad()));
  EXPECT_TRUE(IsFinite(output.iou_logits.grad()));
}

GroundTruth Object(int class_index, const task::Box& box) {
  return {.class_index = class_index, .box = box};
}

// One position, at (4,4).
class OnePositionTest : public ::testing::Test {
 protected:
  FcosLoss Loss(const std::vector<float>& distances, const task::Box& box) {
    output_ = Constant(1, grid_, 1, 0.0, 1.0);
    output_.distances = at::tensor(distances).view({1, 1, 4});
    output_.distances.requires_grad_(true);
    return ComputeFcosLoss(output_, grid_, Truths{{Object(0, box)}});
  }

  const model::FcosGrid grid_ = model::MakeFcosGrid({.num_levels = 1}, 8, 8);
  model::FcosOutput output_;
};

TEST_F(OnePositionTest, FocalLossOfAnAbsentClass) {
  for (const double logit : {-3.0, 0.0, 0.7, 4.0}) {
    const double p = Sigmoid(logit);
    const FcosLoss loss =
        ComputeFcosLoss(Constant(1, grid_, 1, logit, 4.0), grid_, Truths{{}});
    EXPECT_NEAR(loss.classes.item<double>(), -0.75 * p * p * std::log(1 - p),
                1e-5);
  }
}

TEST_F(OnePositionTest, FocalLossOfAPresentClass) {
  for (const double logit : {-3.0, 0.0, 0.7, 4.0}) {
    const double p = Sigmoid(logit);
    const FcosLoss loss =
        ComputeFcosLoss(Constant(1, grid_, 1, logit, 4.0), grid_,
                        Truths{{Object(0, {0, 0, 8, 8})}});
    EXPECT_NEAR(loss.classes.item<double>(),
                -0.25 * (1 - p) * (1 - p) * std::log(p), 1e-5);
  }
}

TEST_F(OnePositionTest, FocalGradientIsTheSlopeOfItsLoss) {
  constexpr double kStep = 0.01;
  for (const Truths& truths : {Truths{{}}, Truths{{Object(0, {0, 0, 8, 8})}}}) {
    const auto loss_at = [&](double logit) {
      output_ = Constant(1, grid_, 1, logit, 4.0);
      return ComputeFcosLoss(output_, grid_, truths).classes;
    };
    for (const double logit : {-3.0, 0.0, 0.7, 4.0}) {
      const double difference = loss_at(logit + kStep).item<double>() -
                                loss_at(logit - kStep).item<double>();
      (2 * loss_at(logit)).backward();
      EXPECT_NEAR(output_.class_logits.grad().item<double>(),
                  2 * difference / (2 * kStep), 1e-3);
    }
  }
}

TEST_F(OnePositionTest, OtherClassesAreAbsentThere) {
  const FcosLoss loss = ComputeFcosLoss(Constant(1, grid_, 3, 0.0, 4.0), grid_,
                                        Truths{{Object(2, {0, 0, 8, 8})}});
  EXPECT_NEAR(loss.classes.item<double>(),
              (0.25 + 2 * 0.75) * 0.25 * std::log(2.0), 1e-6);
}

TEST_F(OnePositionTest, ABoxWithinItsObject) {
  const FcosLoss loss = Loss({2, 2, 2, 2}, {0, 0, 8, 8});
  EXPECT_NEAR(loss.boxes.item<double>(), 0.25 * 0.75, 1e-6);
  EXPECT_NEAR(loss.ious.item<double>(), std::log(2.0), 1e-6);
}

TEST_F(OnePositionTest, ABoxThatOverlapsItsObject) {
  // From (-2,-2) to (6,6): 36 of 92 shared pixels, in a hull of 100.
  const double iou = 36.0 / 92, giou = iou - 8.0 / 100;
  EXPECT_NEAR(Loss({6, 6, 2, 2}, {0, 0, 8, 8}).boxes.item<double>(),
              iou * (1 - giou), 1e-6);
}

TEST_F(OnePositionTest, ABoxThatMissesItsObjectIsDrawnToIt) {
  // From (3,3) to (5,5): 4 and 16 pixels, in a hull of 21 x 21.
  const FcosLoss loss = Loss({1, 1, 1, 1}, {20, 20, 24, 24});
  EXPECT_NEAR(loss.boxes.item<double>(), 0.1 * (1 + 421.0 / 441), 1e-6);
  loss.boxes.backward();
  const at::Tensor gradient = output_.distances.grad().flatten();
  EXPECT_LT(gradient[2].item<float>(), 0);
  EXPECT_LT(gradient[3].item<float>(), 0);
}

TEST_F(OnePositionTest, IoULogitsLearnTheIoUOfTheirBox) {
  output_ = Constant(1, grid_, 1, 0.0, 2.0);
  output_.iou_logits = at::full({1, 1}, std::log(0.25 / 0.75));
  output_.iou_logits.requires_grad_(true);
  ComputeFcosLoss(output_, grid_, Truths{{Object(0, {0, 0, 8, 8})}})
      .ious.backward();
  EXPECT_NEAR(output_.iou_logits.grad().item<float>(), 0.0f, 1e-6);
  EXPECT_FALSE(output_.distances.grad().defined());
}

TEST_F(OnePositionTest, HugeDistancesHaveFiniteGradients) {
  for (const float distance : {1e6f, 1e20f, 3e38f}) {
    const std::vector<float> distances(4, distance);
    const FcosLoss loss = Loss(distances, {0, 0, 8, 8});
    EXPECT_TRUE(IsFinite(Sum(loss))) << distance;
    Sum(loss).backward();
    ExpectFiniteGradients(output_);
  }
}

TEST_F(OnePositionTest, VanishingDistancesHaveFiniteGradients) {
  for (const float distance :
       {0.0f, std::numeric_limits<float>::denorm_min(), 1e-20f}) {
    const std::vector<float> distances(4, distance);
    for (const task::Box& box :
         {task::Box{0, 0, 8, 8}, task::Box{4, 4, 4.000001f, 4.000001f}}) {
      const FcosLoss loss = Loss(distances, box);
      EXPECT_TRUE(IsFinite(Sum(loss))) << distance;
      Sum(loss).backward();
      ExpectFiniteGradients(output_);
    }
  }
}

TEST_F(OnePositionTest, HugeLogitsHaveFiniteGradients) {
  for (const double logit : {-1e4, 1e4}) {
    for (const Truths& truths :
         {Truths{{}}, Truths{{Object(0, {0, 0, 8, 8})}}}) {
      output_ = Constant(1, grid_, 1, logit, 4.0);
      output_.iou_logits = at::full({1, 1}, logit).requires_grad_(true);
      const FcosLoss loss = ComputeFcosLoss(output_, grid_, truths);
      EXPECT_TRUE(IsFinite(Sum(loss))) << logit;
      Sum(loss).backward();
      ExpectFiniteGradients(output_);
    }
  }
}

// Strides 8 and 16 over 32 x 32: 16 and 4 positions.
class TwoLevelsTest : public ::testing::Test {
 protected:
  const model::FcosGrid grid_ = model::MakeFcosGrid({.num_levels = 2}, 32, 32);
};

TEST_F(TwoLevelsTest, NoTruths) {
  const model::FcosOutput output = Constant(2, grid_, 3, 0.0, 8.0);
  const FcosLoss loss = ComputeFcosLoss(output, grid_, Truths(2));
  EXPECT_NEAR(loss.classes.item<double>(),
              2 * 20 * 3 * 0.75 * 0.25 * std::log(2.0), 1e-3);
  EXPECT_EQ(loss.boxes.item<double>(), 0.0);
  EXPECT_EQ(loss.ious.item<double>(), 0.0);
  Sum(loss).backward();
  ExpectFiniteGradients(output);
  EXPECT_EQ(output.distances.grad().abs().sum().item<float>(), 0.0f);
}

TEST_F(TwoLevelsTest, NoSamples) {
  const model::FcosOutput output = Constant(0, grid_, 3, 0.0, 8.0);
  const FcosLoss loss = ComputeFcosLoss(output, grid_, {});
  EXPECT_EQ(Sum(loss).item<double>(), 0.0);
}

TEST_F(TwoLevelsTest, EmptyBoxesAreNoTruths) {
  const model::FcosOutput output = Constant(1, grid_, 1, 0.0, 8.0);
  const FcosLoss none = ComputeFcosLoss(output, grid_, Truths(1));
  const FcosLoss loss = ComputeFcosLoss(
      output, grid_,
      Truths{{Object(0, {4, 4, 4, 4}), Object(0, {20, 8, 10, 30})}});
  EXPECT_EQ(Sum(loss).item<float>(), Sum(none).item<float>());
}

TEST_F(TwoLevelsTest, LossesArePerPositivePositionOfTheBatch) {
  const model::FcosOutput output = Constant(2, grid_, 1, 0.0, 2.0);
  // Four positions at stride 8, whose boxes have 16 of 256 pixels each.
  const FcosLoss loss =
      ComputeFcosLoss(output, grid_, Truths{{}, {Object(0, {0, 0, 16, 16})}});
  EXPECT_NEAR(loss.classes.item<double>(),
              (36 * 0.75 + 4 * 0.25) / 4 * 0.25 * std::log(2.0), 1e-5);
  EXPECT_NEAR(loss.boxes.item<double>(), 0.1 * (1 - 1.0 / 16), 1e-6);
  EXPECT_NEAR(loss.ious.item<double>(), std::log(2.0), 1e-6);
}

TEST_F(TwoLevelsTest, IgnoredPositionsLearnNothing) {
  const model::FcosOutput output = Constant(1, grid_, 2, 0.0, 8.0);
  GroundTruth crowd = Object(1, {0, 0, 16, 16});
  crowd.ignore = true;
  Sum(ComputeFcosLoss(output, grid_, Truths{{crowd}})).backward();
  const at::Tensor learns =
      output.class_logits.grad().ne(0).all(2).squeeze(0).to(at::kLong);
  for (const int64_t p : {0, 1, 4, 5, 16}) {
    EXPECT_EQ(learns[p].item<int64_t>(), 0) << p;
  }
  EXPECT_EQ(learns.sum().item<int64_t>(), 15);
}

TEST_F(TwoLevelsTest, APerfectPredictionCostsNothing) {
  const task::Box box = {2, 6, 21, 27};
  const at::Tensor low = at::tensor({box.x_min, box.y_min});
  const at::Tensor high = at::tensor({box.x_max, box.y_max});
  model::FcosOutput output = Constant(1, grid_, 2, -20.0, 1.0);
  output.distances =
      at::cat({grid_.centres - low, high - grid_.centres}, 1).unsqueeze(0);
  output.iou_logits = at::full({1, 20}, 20.0);
  // 12 strides around (11.5,16.5), on the finest level.
  output.class_logits = output.class_logits.detach();
  for (const int64_t p : {4, 5, 6, 8, 9, 10}) {
    output.class_logits[0][p][1] = 20.0;
  }
  const FcosLoss loss =
      ComputeFcosLoss(output, grid_, Truths{{Object(1, box)}});
  EXPECT_NEAR(loss.classes.item<double>(), 0.0, 1e-6);
  EXPECT_NEAR(loss.boxes.item<double>(), 0.0, 1e-6);
  EXPECT_NEAR(loss.ious.item<double>(), 0.0, 1e-6);
}

TEST_F(TwoLevelsTest, Bfloat16IsComputedInFloat32) {
  model::FcosOutput output = Constant(1, grid_, 2, 0.5, 8.0);
  const Truths truths = {{Object(1, {2, 6, 21, 27})}};
  const FcosLoss expected = ComputeFcosLoss(output, grid_, truths);
  for (at::Tensor* x :
       {&output.class_logits, &output.distances, &output.iou_logits}) {
    *x = x->to(at::kBFloat16);
  }
  at::autocast::set_cpu_enabled(true);
  const FcosLoss loss = ComputeFcosLoss(output, grid_, truths);
  at::autocast::set_cpu_enabled(false);
  EXPECT_EQ(loss.classes.scalar_type(), at::kFloat);
  EXPECT_EQ(loss.classes.item<float>(), expected.classes.item<float>());
  EXPECT_EQ(loss.boxes.scalar_type(), at::kFloat);
  EXPECT_EQ(loss.boxes.item<float>(), expected.boxes.item<float>());
  EXPECT_EQ(loss.ious.scalar_type(), at::kFloat);
  EXPECT_EQ(loss.ious.item<float>(), expected.ious.item<float>());
}

// The best position's, of a class in the only sample.
struct Found {
  float probability = 0.0f;
  float iou = 0.0f;
  at::Tensor box;
};
Found Best(const model::FcosOutput& output, const model::FcosGrid& grid,
           int64_t class_index) {
  const at::Tensor logits = output.class_logits[0].select(1, class_index);
  const int64_t best = logits.argmax().item<int64_t>();
  return {.probability = logits[best].sigmoid().item<float>(),
          .iou = output.iou_logits[0][best].sigmoid().item<float>(),
          .box = model::BoxesAround(grid.centres, output.distances)[0][best]};
}

// Adam (Kingma and Ba, ICLR 2015).
class Adam {
 public:
  explicit Adam(at::Tensor x)
      : x_(std::move(x)),
        mean_(at::zeros_like(x_)),
        square_(at::zeros_like(x_)) {}

  void Step(double rate) {
    const at::NoGradGuard no_grad;
    const at::Tensor gradient = x_.grad();
    mean_ = 0.9 * mean_ + 0.1 * gradient;
    square_ = 0.99 * square_ + 0.01 * gradient.square();
    x_ -= rate * mean_ / (square_.sqrt() + 1e-8);
    x_.mutable_grad().reset();
  }

 private:
  at::Tensor x_;
  at::Tensor mean_;
  at::Tensor square_;
};

TEST_F(TwoLevelsTest, DescentLeadsToTheTruth) {
  // The second takes one position from the first.
  const Truths truths = {
      {Object(0, {1, 2, 30, 28}), Object(1, {10, 17, 15, 22})}};
  model::FcosOutput output = Constant(1, grid_, 2, -4.0, 1.0);
  const at::Tensor log_distances =
      at::full({1, 20, 4}, std::log(16.0)).requires_grad_(true);
  std::vector<Adam> free = {Adam(output.class_logits), Adam(output.iou_logits),
                            Adam(log_distances)};
  constexpr int kNumSteps = 500;
  for (int step = 0; step < kNumSteps; ++step) {
    output.distances = log_distances.exp();
    Sum(ComputeFcosLoss(output, grid_, truths)).backward();
    for (Adam& x : free) x.Step(0.05 * (kNumSteps - step) / kNumSteps);
  }
  output.distances = log_distances.exp();
  for (const GroundTruth& truth : truths[0]) {
    const Found found = Best(output, grid_, truth.class_index);
    const at::Tensor expected = at::tensor(
        {truth.box.x_min, truth.box.y_min, truth.box.x_max, truth.box.y_max});
    EXPECT_GT(found.probability, 0.8f);
    EXPECT_LT((found.box - expected).abs().max().item<float>(), 0.2f)
        << found.box << expected;
    EXPECT_GT(found.iou, 0.9f);
  }
}

}  // namespace
}  // namespace sluice::train
