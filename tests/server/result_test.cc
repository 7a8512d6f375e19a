#include "server/result.h"

#include <limits>
#include <string>
#include <vector>

#include "common/wire/grpc_status.h"
#include "gmock/gmock.h"
#include "tests/server/server_testing.h"

namespace sluice::server {
namespace {

using model::NamedTensor;
using ::testing::HasSubstr;

constexpr size_t kManyBytes = 1u << 20;

LoadedTail TailOf(TailTask task, std::vector<std::string> labels = {"a", "b"}) {
  LoadedTail tail =
      MakeTestTail("mine", {TestCodecId('a')}, nullptr, "", std::move(labels));
  tail.task = task;
  return tail;
}

InferPlan PlanOf(vision::Size source) {
  InferPlan plan;
  plan.geometry = {.source = source, .valid = {8, 8}, .padded = {8, 8}};
  return plan;
}

TEST(ResultTest, FailureOfTheTailIsItsResult) {
  v1::InferResponse response;
  AddResult(TailOf(TailTask::kClassification),
            absl::InternalError("out of scratch memory"), 0, PlanOf({8, 8}),
            kManyBytes, &response);
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).tail(), "mine");
  EXPECT_EQ(wire::StatusFromProto(response.results(0)),
            absl::InternalError("out of scratch memory"));
}

TEST(ResultTest, NumbersThatMakeNoResultAreItsErrorAlone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  v1::InferResponse response;
  AddResult(TailOf(TailTask::kClassification),
            std::vector<NamedTensor>{{"logits", {{1, 2}, {nan, 0}}}}, 0,
            PlanOf({8, 8}), kManyBytes, &response);
  AddResult(TailOf(TailTask::kTensors),
            std::vector<NamedTensor>{{"raw", {{1, 2}, {nan, 0}}}}, 0,
            PlanOf({8, 8}), kManyBytes, &response);
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(wire::StatusFromProto(response.results(0)).code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(response.results(0).output_case(), v1::Result::OUTPUT_NOT_SET);
  EXPECT_TRUE(response.results(1).has_tensors());
}

TEST(ResultTest, ResultBeyondTheMessageIsRefusedAndTheOthersStay) {
  const std::vector<NamedTensor> small = {
      {"raw", {{1, 100}, std::vector<float>(100)}}};
  const std::vector<NamedTensor> large = {
      {"raw", {{1, 1000}, std::vector<float>(1000)}}};
  v1::InferResponse response;
  for (const auto* outputs : {&small, &large, &small}) {
    AddResult(TailOf(TailTask::kTensors), *outputs, 0, PlanOf({8, 8}), 2048,
              &response);
  }
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_TRUE(response.results(0).has_tensors());
  const absl::Status refused = wire::StatusFromProto(response.results(1));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("limit 2048"));
  EXPECT_EQ(response.results(1).output_case(), v1::Result::OUTPUT_NOT_SET);
  EXPECT_TRUE(response.results(2).has_tensors());
  EXPECT_LE(response.ByteSizeLong(), 2048u);
}

// A mask whose every pixel is a run of its own.
TEST(ResultTest, BoundHoldsForTheWorstMask) {
  constexpr int kSide = 64;
  std::vector<std::string> labels(kMaxSegmentLabels, "label");
  std::vector<float> logits(labels.size() * kSide * kSide);
  for (int i = 0; i < kSide * kSide; ++i) {
    const int best = 128 + (i * 37) % 127;
    logits[static_cast<size_t>(best) * kSide * kSide + i] = 1;
  }
  InferPlan plan;
  plan.geometry = {.source = {kSide, kSide},
                   .valid = {kSide, kSide},
                   .padded = {kSide, kSide}};
  const LoadedTail tail = TailOf(TailTask::kSegmentation, std::move(labels));
  const std::vector<NamedTensor> outputs = {
      {"logits", {{1, kMaxSegmentLabels, kSide, kSide}, std::move(logits)}}};
  for (const v1::MaskFormat format :
       {v1::MASK_FORMAT_PNG, v1::MASK_FORMAT_RUN_LENGTHS}) {
    plan.mask.format = format;
    v1::InferResponse response;
    AddResult(tail, outputs, 0, plan, kManyBytes, &response);
    ASSERT_TRUE(response.results(0).has_segmentation());
    EXPECT_LE(response.ByteSizeLong(), MaxResultBytes(tail, plan));
  }
}

TEST(ResultTest, BoundOfAMaskIsThatOfTheSizeAskedFor) {
  const LoadedTail tail = TailOf(TailTask::kSegmentation);
  InferPlan plan = PlanOf({4000, 3000});
  EXPECT_LT(MaxResultBytes(tail, plan), 3u * 512 * 384 + 1000);
  plan.mask.max_side = 4000;
  EXPECT_GE(MaxResultBytes(tail, plan), 3u * 4000 * 3000);
}

TEST(ResultTest, BoundOfClassesAndBoxesCountsTheirLabels) {
  const std::vector<std::string> labels(1000, std::string(500, 'x'));
  InferPlan plan = PlanOf({8, 8});
  const LoadedTail classes = TailOf(TailTask::kClassification, labels);
  EXPECT_GE(MaxResultBytes(classes, plan), 5u * 500);
  plan.top_k = std::numeric_limits<int>::max();
  EXPECT_GE(MaxResultBytes(classes, plan), 1000u * 500);
  EXPECT_LT(MaxResultBytes(classes, plan), 1000u * 600);
  EXPECT_GE(MaxResultBytes(TailOf(TailTask::kDetection, labels), plan),
            100u * 500);
}

}  // namespace
}  // namespace sluice::server
