#include "models/train/eval/eval_sections.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/tiny_models.h"
#include "tests/scratch_folder.h"
#include "tests/train/tiny_tails.h"

namespace sluice::train {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Sections = std::vector<EvalOptions>;

constexpr vision::ViewRule kFit = {vision::ViewRule::Kind::kFit, {320, 320}};
constexpr vision::ViewRule kCrop = {vision::ViewRule::Kind::kCrop, {224, 224}};

// Tails are written once; codecs are not looked at.
class EvalSectionsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<testing::ScratchFolder>();
    const std::string id(64, 'a');
    ASSERT_TRUE(testing::WriteTinyTail(classifier(), "tiny", id, 1).ok());
    ASSERT_TRUE(WriteTinyDetector(detector(), id, 1, {"nut"}).ok());
    ASSERT_TRUE(WriteTinySegmenter(segmenter(), id, 1, {"sky", "road"}).ok());
  }
  static void TearDownTestSuite() { shared_.reset(); }

  static fs::path classifier() { return *shared_ / "classifier"; }
  static fs::path detector() { return *shared_ / "detector"; }
  static fs::path segmenter() { return *shared_ / "segmenter"; }

  EvalSectionsTest() {
    lists_.codecs = {"a", "a", "a"};
    lists_.tails = {classifier(), detector(), segmenter()};
    lists_.data = {"d1", "d2", "d3"};
    lists_.views = {kCrop, kFit, kFit};
  }

  Sections Plan() {
    const auto sections = PlanSections(lists_, common_);
    EXPECT_TRUE(sections.ok()) << sections.status();
    return sections.value_or(Sections());
  }

  std::string Refusal() {
    const auto sections = PlanSections(lists_, common_);
    EXPECT_EQ(sections.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(sections.status().message());
  }

  static inline std::unique_ptr<testing::ScratchFolder> shared_;
  EvalLists lists_;
  EvalOptions common_;
};

TEST_F(EvalSectionsTest, OtherDataAreAnotherSection) {
  common_.teacher = "teacher";
  common_.limit = 7;
  const Sections sections = Plan();
  ASSERT_EQ(sections.size(), 3);
  EXPECT_EQ(sections[0].data, "d1");
  EXPECT_TRUE(sections[0].teacher.has_value());
  EXPECT_FALSE(sections[1].teacher.has_value());
  EXPECT_FALSE(sections[2].teacher.has_value());
  EXPECT_EQ(sections[1].view, kFit);
  EXPECT_EQ(sections[1].split, "val");
  EXPECT_EQ(sections[2].limit, 7);
  EXPECT_THAT(sections[2].tails, ElementsAre(segmenter()));
}

TEST_F(EvalSectionsTest, PairsInARowWithTheSamePicturesShareASection) {
  lists_.codecs = {"a", "b", "c"};
  lists_.tails = {detector(), detector(), detector()};
  lists_.data = {"d1"};
  lists_.views = {kFit};
  Sections sections = Plan();
  ASSERT_EQ(sections.size(), 1);
  EXPECT_THAT(sections[0].codecs, ElementsAre("a", "b", "c"));
  lists_.views = {kFit, kFit, kCrop};
  sections = Plan();
  ASSERT_EQ(sections.size(), 2);
  EXPECT_THAT(sections[1].codecs, ElementsAre("c"));
}

TEST_F(EvalSectionsTest, SplitsMayLeaveOutClassifications) {
  lists_.splits = {"train", "test"};
  lists_.only = {"", "0006R0_"};
  const Sections sections = Plan();
  ASSERT_EQ(sections.size(), 3);
  EXPECT_EQ(sections[0].only, "");
  EXPECT_EQ(sections[1].split, "train");
  EXPECT_EQ(sections[2].split, "test");
  EXPECT_EQ(sections[2].only, "0006R0_");
}

TEST_F(EvalSectionsTest, OneSplitIsForAllAndOneForEachForEach) {
  lists_.splits = {"all"};
  lists_.only = {"x", "y", "z"};
  const Sections sections = Plan();
  ASSERT_EQ(sections.size(), 3);
  EXPECT_EQ(sections[1].split, "all");
  EXPECT_EQ(sections[2].split, "all");
  EXPECT_EQ(sections[0].only, "x");
  EXPECT_EQ(sections[2].only, "z");
}

TEST_F(EvalSectionsTest, AnotherSplitOfTheSameDataIsAnotherSection) {
  lists_.codecs = {"a", "a"};
  lists_.tails = {segmenter(), segmenter()};
  lists_.data = {"d"};
  lists_.views = {kFit};
  lists_.splits = {"val", "train"};
  EXPECT_EQ(Plan().size(), 2);
}

TEST_F(EvalSectionsTest, AClassificationHasAViewByDefault) {
  lists_.codecs = {"a"};
  lists_.tails = {classifier()};
  lists_.data = {"d"};
  lists_.views.clear();
  EXPECT_EQ(Plan().at(0).view, EvalOptions().view);
}

TEST_F(EvalSectionsTest, ADetectionWithoutAViewIsRefused) {
  lists_.views.clear();
  EXPECT_THAT(Refusal(), HasSubstr("--view: expected one for"));
}

TEST_F(EvalSectionsTest, ListsOutOfStepAreRefusedAndNamed) {
  lists_.data.pop_back();
  EXPECT_THAT(Refusal(), HasSubstr("--data: expected one value, or one for "
                                   "each of 3 codecs, found 2"));
  lists_.data.push_back("d3");
  lists_.views.pop_back();
  EXPECT_THAT(Refusal(), HasSubstr("--view: "));
  lists_.views.push_back(kFit);
  lists_.splits = {"a", "b", "c", "d"};
  EXPECT_THAT(Refusal(), HasSubstr("--split: "));
}

TEST_F(EvalSectionsTest, ATeacherThatNobodyCanUseIsRefused) {
  common_.teacher = "teacher";
  lists_.tails[0] = detector();
  EXPECT_THAT(Refusal(), HasSubstr("--teacher: expected a tail for "
                                   "classification"));
}

TEST_F(EvalSectionsTest, OtherNumbersOfTailsThanOfCodecsAreRefused) {
  lists_.tails.pop_back();
  EXPECT_THAT(Refusal(), HasSubstr("found 3 codecs and 2 tails"));
}

TEST_F(EvalSectionsTest, AMissingTailIsNotFound) {
  lists_.tails[1] = *shared_ / "none";
  EXPECT_EQ(PlanSections(lists_, common_).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
