#include "server/tail_task.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace sluice::server {
namespace {

using model::NamedTensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

NamedTensor Zeros(const std::string& name, std::vector<int64_t> shape) {
  const size_t num_values = base::NumElements(shape);
  return {name, {std::move(shape), std::vector<float>(num_values)}};
}

// Two samples, three labels.
absl::Status Check(TailTask task, const std::vector<NamedTensor>& outputs) {
  return CheckTailOutputs(task, 2, 3, outputs);
}

void ExpectInternal(TailTask task, const std::vector<NamedTensor>& outputs,
                    const std::string& message) {
  EXPECT_EQ(Check(task, outputs), absl::InternalError(message));
}

TEST(TailTaskTest, NamesAreThoseOfTheTasks) {
  EXPECT_EQ(*ParseTailTask("classification"), TailTask::kClassification);
  EXPECT_EQ(*ParseTailTask("detection"), TailTask::kDetection);
  EXPECT_EQ(*ParseTailTask("segmentation"), TailTask::kSegmentation);
  EXPECT_EQ(*ParseTailTask("tensors"), TailTask::kTensors);
}

TEST(TailTaskTest, UnknownTaskIsInvalidAndListsTheKnown) {
  const absl::Status status = ParseTailTask("Detection").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("unknown task \"Detection\"; expected classification"));
}

TEST(TailTaskTest, PromisedOutputsPass) {
  EXPECT_TRUE(Check(TailTask::kClassification, {Zeros("logits", {2, 3})}).ok());
  EXPECT_TRUE(Check(TailTask::kDetection,
                    {Zeros("scores", {2, 7, 3}), Zeros("boxes", {2, 7, 4})})
                  .ok());
  EXPECT_TRUE(
      Check(TailTask::kSegmentation, {Zeros("logits", {2, 3, 5, 9})}).ok());
  EXPECT_TRUE(Check(TailTask::kTensors, {Zeros("a", {2}), Zeros("b", {2, 0}),
                                         Zeros("c", {2, 1, 1, 1, 4})})
                  .ok());
}

TEST(TailTaskTest, ClassificationOfOtherShapesIsInternal) {
  const TailTask task = TailTask::kClassification;
  ExpectInternal(task, {}, "made nothing, expected logits [2,3]");
  ExpectInternal(task, {Zeros("scores", {2, 3})},
                 "made scores [2,3], expected logits [2,3]");
  ExpectInternal(task, {Zeros("logits", {1, 3})},
                 "made logits [1,3], expected logits [2,3]");
  ExpectInternal(task, {Zeros("logits", {2, 4})},
                 "made logits [2,4], expected logits [2,3]");
  ExpectInternal(task, {Zeros("logits", {2, 3, 1})},
                 "made logits [2,3,1], expected logits [2,3]");
  ExpectInternal(task, {Zeros("logits", {2, 3}), Zeros("more", {2})},
                 "made logits [2,3], more [2], expected logits [2,3]");
}

TEST(TailTaskTest, DetectionOfOtherShapesIsInternal) {
  const TailTask task = TailTask::kDetection;
  ExpectInternal(task, {Zeros("scores", {2, 7, 3})},
                 "made scores [2,7,3], expected scores [2,P,3], boxes [2,P,4]");
  ExpectInternal(task, {Zeros("scores", {2, 7, 3}), Zeros("boxes", {2, 8, 4})},
                 "made scores [2,7,3], boxes [2,8,4], expected scores [2,P,3], "
                 "boxes [2,P,4]");
  ExpectInternal(task, {Zeros("scores", {2, 7, 3}), Zeros("boxes", {2, 7, 5})},
                 "made scores [2,7,3], boxes [2,7,5], expected scores [2,P,3], "
                 "boxes [2,P,4]");
  ExpectInternal(task, {Zeros("scores", {2, 0, 3}), Zeros("boxes", {2, 0, 4})},
                 "made scores [2,0,3], boxes [2,0,4], expected scores [2,P,3], "
                 "boxes [2,P,4]");
}

TEST(TailTaskTest, SegmentationOfOtherShapesIsInternal) {
  const TailTask task = TailTask::kSegmentation;
  ExpectInternal(task, {Zeros("logits", {2, 3})},
                 "made logits [2,3], expected logits [2,3,h,w]");
  ExpectInternal(task, {Zeros("logits", {2, 4, 5, 5})},
                 "made logits [2,4,5,5], expected logits [2,3,h,w]");
  ExpectInternal(task, {Zeros("logits", {2, 3, 5, 0})},
                 "made logits [2,3,5,0], expected logits [2,3,h,w]");
}

TEST(TailTaskTest, TensorsNeedDistinctNamesAndARowPerSample) {
  const TailTask task = TailTask::kTensors;
  const std::string expected =
      ", expected tensors [2,...] of distinct names, at least one";
  ExpectInternal(task, {}, "made nothing" + expected);
  ExpectInternal(task, {Zeros("a", {})}, "made a []" + expected);
  ExpectInternal(task, {Zeros("a", {1, 4})}, "made a [1,4]" + expected);
  ExpectInternal(task, {Zeros("", {2, 4})}, "made  [2,4]" + expected);
  ExpectInternal(task, {Zeros("a", {2}), Zeros("a", {2})},
                 "made a [2], a [2]" + expected);
  ExpectInternal(task, {{"a", {{2, -1}, {}}}}, "made a [2,-1]" + expected);
}

TEST(TailTaskTest, TensorThatDoesNotHoldItsShapeIsInternal) {
  ExpectInternal(TailTask::kClassification, {{"logits", {{2, 3}, {1, 2, 3}}}},
                 "made logits [2,3] of 3 numbers, expected 6");
  ExpectInternal(TailTask::kTensors, {{"a", {{2, 2}, {1, 2, 3, 4, 5}}}},
                 "made a [2,2] of 5 numbers, expected 4");
}

TEST(TailTaskTest, RowIsTheNumbersOfOneSample) {
  const base::FloatTensor tensor = {{2, 1, 2}, {1, 2, 3, 4}};
  EXPECT_THAT(RowOf(tensor, 0), ElementsAre(1, 2));
  EXPECT_THAT(RowOf(tensor, 1), ElementsAre(3, 4));
}

}  // namespace
}  // namespace sluice::server
