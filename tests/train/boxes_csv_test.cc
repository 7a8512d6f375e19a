#include "models/train/sets/boxes_csv.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

const std::string kHeader = "split,image,class,xmin,ymin,xmax,ymax\n";

// The message of parsing `text` for split "train", which has to fail.
std::string ParseError(const std::string& text) {
  const auto rows = ParseBoxesCsv(text, "train");
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(rows.status().message());
}

TEST(ParseBoxesCsvTest, OnlyTheSplitsRowsCount) {
  const auto rows = ParseBoxesCsv(kHeader +
                                      "train,000001,Bolt,1.5,2,30,40.25\n"
                                      "val,000002,Nut,1,2,3,4\n"
                                      "train,000001,Nut,5,6,7,8\n",
                                  "train");
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2);
  const BoxRow& row = (*rows)[0];
  EXPECT_EQ(row.image, "000001");
  EXPECT_EQ(row.box.class_name, "Bolt");
  EXPECT_EQ(row.box.box.x_min, 1.5f);
  EXPECT_EQ(row.box.box.y_min, 2.0f);
  EXPECT_EQ(row.box.box.x_max, 30.0f);
  EXPECT_EQ(row.box.box.y_max, 40.25f);
  EXPECT_FALSE(row.box.ignore);
  EXPECT_EQ((*rows)[1].box.class_name, "Nut");
}

TEST(ParseBoxesCsvTest, WindowsLineEndsAndAMissingLastOneAreFine) {
  const auto rows = ParseBoxesCsv(
      "split,image,class,xmin,ymin,xmax,ymax\r\ntrain,a,Nut,1,2,3,4\r\n"
      "train,b,Nut,1,2,3,4",
      "train");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->size(), 2);
}

TEST(ParseBoxesCsvTest, AnotherHeaderIsRefused) {
  EXPECT_THAT(ParseError(""), HasSubstr("line 1: expected \"split,image,"));
  EXPECT_THAT(ParseError("image,class,xmin,ymin,xmax,ymax\n"),
              HasSubstr("line 1"));
}

TEST(ParseBoxesCsvTest, AnotherNumberOfFieldsNamesTheLine) {
  for (const char* row :
       {"", "train,a,Nut,1,2,3", "train,a,Nut,1,2,3,4,5", "train,a,Nut"}) {
    EXPECT_THAT(ParseError(kHeader + "train,a,Nut,1,2,3,4\n" + row + "\n"),
                HasSubstr("line 3: expected the fields split,image"));
  }
}

TEST(ParseBoxesCsvTest, QuotesAreRefused) {
  EXPECT_THAT(ParseError(kHeader + "train,a,\"Nut\",1,2,3,4\n"),
              HasSubstr("line 2: expected the fields"));
}

TEST(ParseBoxesCsvTest, AnEmptyFieldIsNamed) {
  EXPECT_THAT(ParseError(kHeader + "train,,Nut,1,2,3,4\n"),
              HasSubstr("line 2: field image is empty"));
  EXPECT_THAT(ParseError(kHeader + "train,a,,1,2,3,4\n"),
              HasSubstr("line 2: field class is empty"));
  EXPECT_THAT(ParseError(kHeader + "train,a,Nut,1,2,3,\n"),
              HasSubstr("line 2: field ymax is empty"));
}

TEST(ParseBoxesCsvTest, ACoordinateThatIsNoNumberIsNamed) {
  for (const char* number : {"x", "1x", "nan", "inf", "1e999", "1;5", " "}) {
    EXPECT_THAT(ParseError(kHeader + "train,a,Nut,1," + number + ",3,4\n"),
                HasSubstr("line 2: field ymin: expected a number, found"));
  }
}

TEST(ParseBoxesCsvTest, ABadRowOfAnotherSplitIsRefused) {
  EXPECT_THAT(ParseError(kHeader + "train,a,Nut,1,2,3,4\nval,a,Nut,x,2,3,4\n"),
              HasSubstr("line 3"));
}

TEST(ParseBoxesCsvTest, ASplitWithoutRowsNamesThoseThereAre) {
  EXPECT_THAT(ParseError(kHeader + "val,a,Nut,1,2,3,4\ntest,a,Nut,1,2,3,4\n"),
              HasSubstr("split \"train\", found those of test, val"));
  EXPECT_THAT(ParseError(kHeader), HasSubstr("found none at all"));
}

TEST(ParseBoxesCsvTest, MessagesStayShortForManySplits) {
  std::string text = kHeader;
  for (int i = 0; i < 1000; ++i) {
    text += "split" + std::to_string(i) + ",a,Nut,1,2,3,4\n";
  }
  EXPECT_LT(ParseError(text).size(), 200);
}

}  // namespace
}  // namespace sluice::train
