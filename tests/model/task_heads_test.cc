// Necks, heads and the tails made of them, on random weights.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/artifact/tail_artifact.h"
#include "common/model/deeplab_segmenter.h"
#include "common/model/fcos_detector.h"
#include "common/model/fpn.h"
#include "common/model/layers.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"

namespace sluice::model {
namespace {

using ::testing::HasSubstr;

at::Generator Seeded(uint64_t seed) {
  return at::detail::createCPUGenerator(seed);
}

at::Tensor Random(std::vector<int64_t> shape, uint64_t seed) {
  return at::randn(shape, Seeded(seed), at::kFloat);
}

bool Close(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  return a.sizes() == b.sizes() &&
         (a - b).abs().max().item<double>() <= tolerance;
}

TEST(ConvTest, DilationReadsEverySecondNeighbour) {
  const ConvSpec spec = {.in_channels = 1,
                         .out_channels = 1,
                         .kernel = 3,
                         .dilation = 2,
                         .has_bias = false};
  Weights weights;
  weights["c.weight"] = at::zeros({1, 1, 3, 3});
  weights["c.weight"][0][0][0][0] = 1;  // Two up, two to the left.
  WeightReader reader(weights);
  const Conv conv(reader, "c", spec);
  ASSERT_TRUE(reader.Finish().ok());
  const at::Tensor x = at::arange(36, at::kFloat).reshape({1, 1, 6, 6});
  const at::Tensor y = conv(x);
  ASSERT_EQ(y.sizes(), x.sizes());
  EXPECT_EQ(y[0][0][2][2].item<float>(), 0.0f);
  EXPECT_EQ(y[0][0][5][4].item<float>(), x[0][0][3][2].item<float>());
  EXPECT_EQ(y[0][0][1][5].item<float>(), 0.0f);  // Beyond the border.
}

TEST(GroupNormTest, GroupsHaveMeanZeroAndVarianceOne) {
  Weights weights;
  InitGroupNorm("n", 16, &weights);
  WeightReader reader(weights);
  const GroupNorm norm(reader, "n", 16);
  const at::Tensor y = norm(3 + 5 * Random({2, 16, 4, 4}, 1));
  const at::Tensor groups = y.reshape({2, kNormGroups, -1});
  EXPECT_LT(groups.mean(2).abs().max().item<double>(), 1e-5);
  EXPECT_LT((groups.var(2, /*unbiased=*/false) - 1).abs().max().item<double>(),
            1e-3);
}

TEST(FpnTest, CoarserStagesReachFinerOnesAndNotTheOtherWay) {
  const FpnShape shape = {.in_channels = {4, 6}, .width = 8};
  Weights weights;
  InitFpn("neck", shape, Seeded(2), &weights);
  WeightReader reader(weights);
  const Fpn fpn(reader, "neck", shape);
  ASSERT_TRUE(reader.Finish().ok()) << reader.Finish();
  const at::Tensor fine = Random({1, 4, 8, 12}, 3);
  const at::Tensor coarse = Random({1, 6, 4, 6}, 4);
  const auto before = fpn({fine, coarse});
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[0].sizes(), (std::vector<int64_t>{1, 8, 8, 12}));
  EXPECT_EQ(before[1].sizes(), (std::vector<int64_t>{1, 8, 4, 6}));
  const auto other_coarse = fpn({fine, coarse + 1});
  EXPECT_FALSE(Close(other_coarse[0], before[0], 1e-4));
  const auto other_fine = fpn({fine + 1, coarse});
  EXPECT_TRUE(Close(other_fine[1], before[1], 0));
}

TEST(FcosGridTest, CentresGoByLevelRowAndColumn) {
  const FcosGrid grid =
      MakeFcosGrid({.num_levels = 2, .finest_stride = 8}, 16, 32);
  ASSERT_EQ(grid.centres.sizes(), (std::vector<int64_t>{2 * 4 + 1 * 2, 2}));
  const auto centre = [&](int64_t p) {
    return std::pair(grid.centres[p][0].item<float>(),
                     grid.centres[p][1].item<float>());
  };
  EXPECT_EQ(centre(0), std::pair(4.0f, 4.0f));
  EXPECT_EQ(centre(3), std::pair(28.0f, 4.0f));
  EXPECT_EQ(centre(4), std::pair(4.0f, 12.0f));
  EXPECT_EQ(centre(8), std::pair(8.0f, 8.0f));
  EXPECT_EQ(centre(9), std::pair(24.0f, 8.0f));
  EXPECT_EQ(grid.strides[7].item<float>(), 8.0f);
  EXPECT_EQ(grid.strides[8].item<float>(), 16.0f);
}

TEST(FcosGridTest, BoxesReachTheirDistancesFromTheCentre) {
  const at::Tensor boxes =
      BoxesAround(at::tensor({10.0f, 20.0f}).reshape({1, 2}),
                  at::tensor({1.0f, 2.0f, 3.0f, 4.0f}).reshape({1, 1, 4}));
  const at::Tensor expected = at::tensor({9.0f, 18.0f, 13.0f, 24.0f});
  EXPECT_TRUE(at::equal(boxes.flatten(), expected)) << boxes;
}

class TailNetworksTest : public ::testing::Test {
 protected:
  // A classification tail's, without what is behind its body.
  Weights Body() const {
    EXPECT_TRUE(
        testing::WriteTinyTail(folder_.path(), "body", std::string(64, '0'), 5)
            .ok());
    const auto tail = artifact::LoadTail(folder_.path());
    EXPECT_TRUE(tail.ok()) << tail.status();
    Weights body = *WeightsFromTensors(tail->weights);
    std::erase_if(body, [](const auto& entry) {
      return !entry.first.starts_with("block");
    });
    return body;
  }

  FcosDetector Detector(int num_classes) const {
    Weights weights = Body();
    InitFcosDetector(detector_shape_, num_classes, Seeded(6), &weights);
    auto detector = FcosDetector::Create(detector_shape_, num_classes, weights);
    EXPECT_TRUE(detector.ok()) << detector.status();
    return *std::move(detector);
  }

  DeepLabSegmenter Segmenter(int num_classes) const {
    Weights weights = Body();
    InitDeepLabSegmenter(segmenter_shape_, num_classes, Seeded(7), &weights);
    auto segmenter =
        DeepLabSegmenter::Create(segmenter_shape_, num_classes, weights);
    EXPECT_TRUE(segmenter.ok()) << segmenter.status();
    return *std::move(segmenter);
  }

  const testing::ScratchFolder folder_;
  const FcosDetectorShape detector_shape_ = {.width = 16, .num_convs = 1};
  const DeepLabSegmenterShape segmenter_shape_ = {.width = 16, .fine_width = 8};
  const at::NoGradGuard no_grad_;
};

TEST_F(TailNetworksTest, BodyStridesOrKeepsItsLastStageFine) {
  const Weights weights = Body();
  const at::Tensor features = Random({1, kMobileNetSeamChannels, 8, 12}, 8);
  for (const auto resolution : {MobileNetBody::Resolution::kStrided,
                                MobileNetBody::Resolution::kDilated}) {
    WeightReader reader(weights);
    const MobileNetBody body(reader, resolution);
    ASSERT_TRUE(reader.Finish().ok()) << reader.Finish();
    const auto stages = body(features);
    ASSERT_EQ(stages.size(), kMobileNetStageChannels.size());
    const bool strided = resolution == MobileNetBody::Resolution::kStrided;
    EXPECT_EQ(stages[0].sizes(), (std::vector<int64_t>{1, 32, 8, 12}));
    EXPECT_EQ(stages[1].sizes(), (std::vector<int64_t>{1, 96, 4, 6}));
    EXPECT_EQ(stages[2].sizes(), strided
                                     ? (std::vector<int64_t>{1, 320, 2, 3})
                                     : (std::vector<int64_t>{1, 320, 4, 6}));
  }
}

TEST_F(TailNetworksTest, DetectorScoresEveryPositionOfEveryLevel) {
  const FcosDetector detector = Detector(3);
  const FcosOutput output = detector(Random({2, 32, 8, 12}, 9));
  const FcosGrid grid = detector.Grid(8, 12);
  const int64_t positions = 8 * 12 + 4 * 6 + 2 * 3;
  EXPECT_EQ(grid.centres.size(0), positions);
  const ScoredBoxes found = ScoreBoxes(output, grid);
  EXPECT_EQ(found.scores.sizes(), (std::vector<int64_t>{2, positions, 3}));
  EXPECT_EQ(found.boxes.sizes(), (std::vector<int64_t>{2, positions, 4}));
  EXPECT_GE(found.scores.min().item<float>(), 0.0f);
  EXPECT_LE(found.scores.max().item<float>(), 1.0f);
  const at::Tensor near = found.boxes.slice(2, 0, 2);
  const at::Tensor far = found.boxes.slice(2, 2, 4);
  EXPECT_TRUE((near < grid.centres).all().item<bool>());
  EXPECT_TRUE((far > grid.centres).all().item<bool>());
}

TEST_F(TailNetworksTest, FreshDetectorBelievesInNothing) {
  const FcosOutput output = Detector(3)(Random({1, 32, 8, 8}, 10));
  EXPECT_LT(at::sigmoid(output.class_logits).mean().item<double>(), 0.05);
}

TEST_F(TailNetworksTest, SegmenterAnswersAtTheFeaturesResolution) {
  const at::Tensor logits = Segmenter(5)(Random({2, 32, 8, 12}, 11));
  EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 5, 8, 12}));
}

TEST_F(TailNetworksTest, AnswersDoNotDependOnTheRestOfTheBatch) {
  const at::Tensor features = Random({3, 32, 8, 8}, 12);
  const FcosDetector detector = Detector(2);
  const DeepLabSegmenter segmenter = Segmenter(4);
  const at::Tensor one = features.slice(0, 1, 2);
  EXPECT_TRUE(Close(detector(one).class_logits,
                    detector(features).class_logits.slice(0, 1, 2), 1e-4));
  EXPECT_TRUE(Close(segmenter(one), segmenter(features).slice(0, 1, 2), 1e-4));
}

TEST_F(TailNetworksTest, MissingAndSurplusWeightsAreNamed) {
  Weights weights = Body();
  const auto missing = FcosDetector::Create(detector_shape_, 2, weights);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(missing.status().message(), HasSubstr("neck.lateral0.weight"));
  InitDeepLabSegmenter(segmenter_shape_, 2, Seeded(1), &weights);
  weights["other"] = at::zeros({1});
  const auto surplus = DeepLabSegmenter::Create(segmenter_shape_, 2, weights);
  EXPECT_THAT(surplus.status().message(), HasSubstr("other"));
}

TEST(TaskShapeTest, ShapesSurviveTailJson) {
  const auto detector =
      FcosDetectorShapeOf(ToJson(FcosDetectorShape{.width = 24}));
  ASSERT_TRUE(detector.ok()) << detector.status();
  EXPECT_EQ(detector->width, 24);
  const auto segmenter =
      DeepLabSegmenterShapeOf(ToJson(DeepLabSegmenterShape{.fine_width = 40}));
  ASSERT_TRUE(segmenter.ok()) << segmenter.status();
  EXPECT_EQ(segmenter->fine_width, 40);
}

TEST(TaskShapeTest, FieldsThatMakeNoNetworkAreNamed) {
  nlohmann::json network = ToJson(FcosDetectorShape());
  network["width"] = 20;  // No multiple of the norm's groups.
  EXPECT_THAT(FcosDetectorShapeOf(network).status().message(),
              HasSubstr("tail.json: network.width: expected an integer in "
                        "1..1024 that 8 divides, found 20"));
  network = ToJson(FcosDetectorShape());
  network["head"] = "retinanet";
  EXPECT_THAT(FcosDetectorShapeOf(network).status().message(),
              HasSubstr("network.head: expected \"fcos\", found "
                        "\"retinanet\""));
  network = ToJson(DeepLabSegmenterShape());
  network.erase("fine_width");
  EXPECT_THAT(DeepLabSegmenterShapeOf(network).status().message(),
              HasSubstr("network.fine_width: expected an integer in 1..1024 "
                        "that 8 divides, found nothing"));
}

}  // namespace
}  // namespace sluice::model
