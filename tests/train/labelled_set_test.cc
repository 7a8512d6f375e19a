#include "models/train/data/labelled_set.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"
#include "tests/train/train_testing.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

// The message of parsing `text`, which has to fail.
std::string ParseError(const std::string& text) {
  const auto rows = ParseLabelsCsv(text, 10);
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(rows.status().message());
}

TEST(ParseLabelsCsvTest, RowsComeOutSortedByFile) {
  const auto rows = ParseLabelsCsv("file,label\nb.jpg,9\na.jpg,0\n", 10);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2);
  EXPECT_EQ((*rows)[0].file, "a.jpg");
  EXPECT_EQ((*rows)[0].label, 0);
  EXPECT_EQ((*rows)[1].file, "b.jpg");
  EXPECT_EQ((*rows)[1].label, 9);
}

TEST(ParseLabelsCsvTest, WindowsLineEndsAndAMissingLastOneAreFine) {
  const auto rows = ParseLabelsCsv("file,label\r\na.jpg,1\r\nb.jpg,2", 10);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[1].label, 2);
}

TEST(ParseLabelsCsvTest, AnotherHeaderIsRefused) {
  EXPECT_THAT(ParseError(""), HasSubstr("line 1"));
  EXPECT_THAT(ParseError("a.jpg,1\n"), HasSubstr("expected \"file,label\""));
}

TEST(ParseLabelsCsvTest, NoRowsAreRefused) {
  EXPECT_THAT(ParseError("file,label\n"), HasSubstr("at least one picture"));
}

TEST(ParseLabelsCsvTest, AnotherNumberOfFieldsNamesTheLine) {
  for (const char* row : {"", "a.jpg", "a.jpg,1,2"}) {
    EXPECT_THAT(ParseError(std::string("file,label\nb.jpg,1\n") + row + "\n"),
                HasSubstr("line 3: expected two fields"));
  }
}

TEST(ParseLabelsCsvTest, AnEmptyFileNamesTheField) {
  EXPECT_THAT(ParseError("file,label\n,3\n"), HasSubstr("line 2: field file"));
}

TEST(ParseLabelsCsvTest, ALabelThatIsNoClassNamesTheField) {
  for (const char* label :
       {"", "x", "-1", "10", "1x", " 1", "1.0", "99999999999999999999"}) {
    EXPECT_THAT(
        ParseError(std::string("file,label\na.jpg,") + label + "\n"),
        HasSubstr("line 2: field label: expected a number in 0..9, found"));
  }
}

TEST(ParseLabelsCsvTest, ARepeatedFileIsRefused) {
  EXPECT_THAT(ParseError("file,label\na.jpg,1\na.jpg,2\n"),
              HasSubstr("line 3: field file: \"a.jpg\" appears twice"));
}

class LabelledSetTest : public ::testing::Test {
 protected:
  const testing::ScratchFolder folder_;
};

TEST_F(LabelledSetTest, ReadsPicturesInSortedOrder) {
  folder_.Write("set/labels.csv", "file,label\nb.jpg,2\na.jpg,1\n");
  folder_.Write("set/images/a.jpg", MakeJpeg(40, 30, 1));
  folder_.Write("set/images/b.jpg", MakeJpeg(20, 10, 2));
  const auto set = LabelledSet::Open(folder_ / "set", 10);
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(set->name(0), "a.jpg");
  EXPECT_EQ(set->label(0), 1);
  EXPECT_EQ(set->ReadPicture(0)->size(), (vision::Size{40, 30}));
  EXPECT_EQ(set->ReadPicture(1)->size(), (vision::Size{20, 10}));
}

TEST_F(LabelledSetTest, AFolderWithoutLabelsIsRefused) {
  folder_.Write("set/images/a.jpg", MakeJpeg(40, 30, 1));
  const auto set = LabelledSet::Open(folder_ / "set", 10);
  EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(set.status().message(), HasSubstr("no labels.csv"));
}

TEST_F(LabelledSetTest, ALabelWithoutItsPictureIsRefused) {
  folder_.Write("set/labels.csv", "file,label\na.jpg,1\n");
  const auto set = LabelledSet::Open(folder_ / "set", 10);
  EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(set.status().message(), HasSubstr("images/a.jpg"));
}

TEST_F(LabelledSetTest, ABadLineNamesTheSetAndTheLine) {
  folder_.Write("set/labels.csv", "file,label\na.jpg,ten\n");
  const auto set = LabelledSet::Open(folder_ / "set", 10);
  EXPECT_THAT(set.status().message(), HasSubstr("set: labels.csv line 2"));
}

TEST_F(LabelledSetTest, AFileThatIsNoPictureIsNamed) {
  folder_.Write("set/labels.csv", "file,label\na.jpg,1\n");
  folder_.Write("set/images/a.jpg", "no picture");
  const auto set = LabelledSet::Open(folder_ / "set", 10);
  ASSERT_TRUE(set.ok()) << set.status();
  const auto picture = set->ReadPicture(0);
  EXPECT_EQ(picture.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(picture.status().message(), HasSubstr("images/a.jpg: "));
}

}  // namespace
}  // namespace sluice::train
