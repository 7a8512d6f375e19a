#include "models/train/eval/scoring.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

EvalBatch TwoPictures() {
  EvalBatch batch;
  batch.num_classes = 3;
  batch.about = {{.name = "a", .label = 0, .pixels = 1},
                 {.name = "b", .label = 0, .pixels = 1}};
  return batch;
}

TEST(AddOutcomesTest, RanksAndBytesOfEachPicture) {
  std::vector<Outcome> outcomes;
  AddOutcomes({{2, 3}, {3, 2, 1, 1, 2, 3}}, TwoPictures(), {10, 20}, &outcomes);
  ASSERT_EQ(outcomes.size(), 2);
  EXPECT_EQ(outcomes[0].rank, 0);
  EXPECT_EQ(outcomes[0].bytes, 10);
  EXPECT_EQ(outcomes[1].rank, 2);
  EXPECT_EQ(outcomes[1].bytes, 20);
  EXPECT_EQ(outcomes[1].kl, 0.0f);  // There is no teacher.
}

TEST(AddOutcomesTest, WithoutCompressionThereAreNoBytes) {
  std::vector<Outcome> outcomes;
  AddOutcomes({{2, 2}, {1, 0, 1, 0}}, TwoPictures(), {}, &outcomes);
  EXPECT_EQ(outcomes[1].bytes, 0);
}

TEST(AddOutcomesTest, TheDivergenceIsFromTheTeachersAnswer) {
  EvalBatch batch = TwoPictures();
  batch.teacher_logits = base::FloatTensor{{2, 2}, {1, 0, 1, 0}};
  std::vector<Outcome> outcomes;
  AddOutcomes({{2, 2}, {1, 0, 0, 1}}, batch, {}, &outcomes);
  EXPECT_EQ(outcomes[0].kl, 0.0f);
  EXPECT_GT(outcomes[1].kl, 0.1f);
}

TEST(AddAnswersTest, LogitsAreScoredAsAClassification) {
  OperatingPoint point;
  ASSERT_TRUE(AddAnswers({{"logits", {{2, 3}, {3, 2, 1, 1, 2, 3}}}},
                         TwoPictures(), {10, 20}, &point)
                  .ok());
  ASSERT_THAT(point.outcomes, SizeIs(2));
  EXPECT_EQ(point.outcomes[1].rank, 2);
  EXPECT_THAT(point.matches, IsEmpty());
}

// A picture of 40 x 20 pixels, halved for the network and padded.
EvalBatch OnePicture(Task task) {
  EvalBatch batch;
  batch.task = task;
  batch.num_classes = 2;
  batch.about = {{.name = "a.jpg"}};
  NetworkInput picture;
  picture.geometry.source = {40, 20};
  picture.geometry.scale_x = picture.geometry.scale_y = 2.0;
  picture.geometry.valid = {20, 10};
  picture.geometry.padded = {32, 32};
  batch.pictures = {picture};
  batch.truths.resize(1);
  return batch;
}

EvalBatch OneObject() {
  EvalBatch batch = OnePicture(Task::kDetection);
  batch.truths[0].objects = {{.class_index = 1, .box = {4, 4, 20, 16}}};
  return batch;
}

std::vector<model::NamedTensor> BoxOutputs(std::vector<float> scores,
                                           std::vector<float> boxes) {
  const int64_t count = static_cast<int64_t>(boxes.size()) / 4;
  return {{"scores", {{1, count, 2}, std::move(scores)}},
          {"boxes", {{1, count, 4}, std::move(boxes)}}};
}

TEST(AddAnswersTest, BoxesAreMatchedInTheSourcesPixels) {
  OperatingPoint point;
  const absl::Status added = AddAnswers(
      BoxOutputs({0.0f, 0.9f, 0.04f, 0.2f}, {2, 2, 10, 8, 12, 2, 18, 8}),
      OneObject(), {77}, &point);
  ASSERT_TRUE(added.ok()) << added;
  ASSERT_THAT(point.matches, SizeIs(1));
  EXPECT_THAT(point.matches[0].objects, ElementsAre(1));
  ASSERT_THAT(point.matches[0].by_class, SizeIs(2));  // 0.04 is too low.
  EXPECT_EQ(point.matches[0].by_class[0].found, (1u << kNumIouThresholds) - 1);
  EXPECT_EQ(point.matches[0].by_class[1].found, 0u);
  ASSERT_THAT(point.outcomes, SizeIs(1));
  EXPECT_EQ(point.outcomes[0].bytes, 77u);
  EXPECT_THAT(point.confusions, IsEmpty());
}

TEST(AddAnswersTest, ABoxThatIsNoNumberNamesThePicture) {
  OperatingPoint point;
  const absl::Status status = AddAnswers(
      BoxOutputs({0.5f, 0.5f}, {0, 0, kNan, 4}), OneObject(), {}, &point);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.jpg: boxes[0,2]"));
}

TEST(AddAnswersTest, OutputsOfOtherShapesAreRefused) {
  OperatingPoint point;
  std::vector<model::NamedTensor> outputs = BoxOutputs({1, 1}, {0, 0, 1, 1});
  outputs[1].tensor.shape = {1, 2, 2};
  absl::Status status = AddAnswers(outputs, OneObject(), {}, &point);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("output boxes: expected 3 dimensions"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("returned [1,2,2]"));
  outputs = BoxOutputs({1, 1}, {0, 0, 1, 1});
  outputs[0].tensor.shape = {2, 1, 1};
  EXPECT_EQ(AddAnswers(outputs, OneObject(), {}, &point).code(),
            absl::StatusCode::kInternal);
}

TEST(AddAnswersTest, AMissingOutputIsNamed) {
  OperatingPoint point;
  const absl::Status status = AddAnswers({{"boxes", {{1, 1, 4}, {0, 0, 1, 1}}}},
                                         OneObject(), {}, &point);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("return scores"));
}

EvalBatch OneMask() {
  EvalBatch batch = OnePicture(Task::kSegmentation);
  batch.truths[0].mask = {.size = {40, 20},
                          .classes = std::vector<uint8_t>(800, 1)};
  batch.truths[0].mask.classes[0] = task::kNoClass;
  return batch;
}

TEST(AddAnswersTest, MasksAreComparedAtTheSourcesSize) {
  OperatingPoint point;
  // Stride 16: of the 2 x 2 logits the lower ones are padding.
  const absl::Status added =
      AddAnswers({{"logits", {{1, 2, 2, 2}, {0, 0, 9, 9, 5, 5, -9, -9}}}},
                 OneMask(), {5}, &point);
  ASSERT_TRUE(added.ok()) << added;
  ASSERT_THAT(point.confusions, SizeIs(1));
  EXPECT_THAT(point.confusions[0].pixels, ElementsAre(0, 0, 0, 0, 799, 0));
  EXPECT_EQ(point.outcomes.at(0).bytes, 5u);
}

TEST(AddAnswersTest, AMaskOfAnotherSizeNamesThePicture) {
  EvalBatch batch = OneMask();
  batch.truths[0].mask = {.size = {1, 1}, .classes = {0}};
  OperatingPoint point;
  const absl::Status status =
      AddAnswers({{"logits", {{1, 2, 1, 1}, {0, 1}}}}, batch, {}, &point);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.jpg: "));
}

TEST(AddAnswersTest, LogitsOfOtherClassesAreRefused) {
  OperatingPoint point;
  EXPECT_EQ(
      AddAnswers({{"logits", {{1, 3, 1, 1}, {0, 1, 2}}}}, OneMask(), {}, &point)
          .code(),
      absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace sluice::train
