#include "models/train/eval/eval_set.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/index_png_testing.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EvalSetTest : public ::testing::Test {
 protected:
  EvalSetTest() { options_.data = folder_.path(); }

  void WriteLabelled() {
    folder_.Write("images/a/x1.png", MakeRedPng(8, 6));
    folder_.Write("images/b/x2.png", MakeRedPng(8, 6));
    folder_.Write("images/b/y1.png", MakeRedPng(8, 6));
    folder_.Write("labels.csv",
                  "file,label\na/x1.png,1\nb/x2.png,0\n"
                  "b/y1.png,1\n");
    options_.labels = {"cat", "dog"};
  }

  void WriteBoxes() {
    options_.task = Task::kDetection;
    options_.split = "val";
    options_.labels = {"nut", "bolt"};
    folder_.Write("val/p1.png", MakeRedPng(8, 6));
    folder_.Write("val/p2.png", MakeRedPng(8, 6));
    folder_.Write("boxes.csv",
                  "split,image,class,xmin,ymin,xmax,ymax\n"
                  "val,p1,bolt,1,2,5,6\n");
  }

  void WriteMasks() {
    options_.task = Task::kSegmentation;
    options_.split = "val";
    options_.labels = {"sky", "road"};
    options_.ignore_index = 2;
    folder_.Write("val/p.png", MakeRedPng(2, 2));
    folder_.Write("valannot/p.png", MakePng(2, 2, {0, 1, 2, 1}, PngKind()));
  }

  EvalSet Open() {
    auto set = EvalSet::Open(options_);
    EXPECT_TRUE(set.ok()) << set.status();
    return *std::move(set);
  }

  std::string Refusal() {
    const auto set = EvalSet::Open(options_);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(set.status().message());
  }

  const testing::ScratchFolder folder_;
  EvalSetOptions options_;
};

TEST_F(EvalSetTest, LabelledPicturesHaveTheirLabels) {
  WriteLabelled();
  const EvalSet set = Open();
  ASSERT_EQ(set.size(), 3);
  EXPECT_EQ(set.name(1), "b/x2.png");
  EXPECT_EQ(set.label(1), 0);
  EXPECT_EQ(set.label(2), 1);
  EXPECT_THAT(set.ReadTruth(0)->objects, IsEmpty());
  EXPECT_EQ(set.ReadPicture(2)->size(), (vision::Size{8, 6}));
}

TEST_F(EvalSetTest, BoxesAreTheTruthOfADetection) {
  WriteBoxes();
  const EvalSet set = Open();
  ASSERT_EQ(set.size(), 2);
  const auto truth = set.ReadTruth(0);
  ASSERT_TRUE(truth.ok()) << truth.status();
  ASSERT_THAT(truth->objects, SizeIs(1));
  EXPECT_EQ(truth->objects[0].class_index, 1);
  EXPECT_EQ(truth->objects[0].box.y_max, 6.0f);
  EXPECT_THAT(set.ReadTruth(1)->objects, IsEmpty());
  EXPECT_EQ(set.label(0), 0);
}

TEST_F(EvalSetTest, MasksAreTheTruthOfASegmentation) {
  WriteMasks();
  const EvalSet set = Open();
  ASSERT_EQ(set.size(), 1);
  const auto truth = set.ReadTruth(0);
  ASSERT_TRUE(truth.ok()) << truth.status();
  EXPECT_THAT(truth->mask.classes, ElementsAre(0, 1, task::kNoClass, 1));
}

TEST_F(EvalSetTest, APrefixIsOneOfTheFilesOwnName) {
  WriteLabelled();
  options_.only = "x";
  EXPECT_EQ(Open().size(), 2);
  options_.only = "y1";
  const EvalSet set = Open();
  ASSERT_EQ(set.size(), 1);
  EXPECT_EQ(set.name(0), "b/y1.png");
  EXPECT_EQ(set.label(0), 1);
}

TEST_F(EvalSetTest, ALimitCountsWhatThePrefixLeaves) {
  WriteLabelled();
  options_.limit = 1;
  options_.only = "x2";
  const EvalSet set = Open();
  ASSERT_EQ(set.size(), 1);
  EXPECT_EQ(set.name(0), "b/x2.png");
  options_.limit = 100;
  options_.only = "";
  EXPECT_EQ(Open().size(), 3);
}

TEST_F(EvalSetTest, APrefixOfNoPictureIsRefused) {
  WriteLabelled();
  options_.only = "b";  // A folder's.
  EXPECT_THAT(Refusal(), HasSubstr("begin with b, found none among 3"));
}

TEST_F(EvalSetTest, ABoxOfAClassThatTheTailHasNotIsRefused) {
  WriteBoxes();
  options_.labels = {"nut"};
  EXPECT_THAT(Refusal(), HasSubstr("bolt"));
}

TEST_F(EvalSetTest, ASplitThatIsNotThereIsRefused) {
  WriteBoxes();
  options_.split = "test";
  EXPECT_FALSE(Refusal().empty());
}

TEST_F(EvalSetTest, AMaskValueThatIsNoClassIsRefusedWhenRead) {
  WriteMasks();
  options_.ignore_index.reset();
  const auto truth = Open().ReadTruth(0);
  EXPECT_EQ(truth.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(truth.status().message()),
              HasSubstr("valannot/p.png"));
}

TEST_F(EvalSetTest, AMissingFolderIsNotFound) {
  options_.data = folder_ / "none";
  EXPECT_EQ(EvalSet::Open(options_).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sluice::train
