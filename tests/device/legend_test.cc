#include "device/legend.h"

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "device/palette.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using task::kNoClass;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

constexpr LegendRoom kRoom = {480, 20, 3};

LabelledMask MakeMask(std::vector<uint8_t> classes,
                      std::vector<std::string> labels) {
  const int width = static_cast<int>(classes.size());
  return {{{width, 1}, std::move(classes)}, std::move(labels)};
}

std::vector<std::string> TextsOf(const std::vector<LegendEntry>& entries) {
  std::vector<std::string> texts;
  for (const LegendEntry& entry : entries) texts.push_back(entry.text);
  return texts;
}

std::vector<std::string> ManyLabels(int count) {
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i) labels.push_back(absl::StrCat("label ", i));
  return labels;
}

LabelledMask MaskOfAll(int num_classes) {
  std::vector<uint8_t> classes;
  for (int i = 0; i < num_classes; ++i) {
    classes.push_back(static_cast<uint8_t>(i));
  }
  return MakeMask(classes, ManyLabels(num_classes));
}

TEST(LegendTest, MostPixelsComeFirst) {
  const LabelledMask mask =
      MakeMask({2, 0, 2, 3, 3, 2, 1}, {"sky", "road", "car", "tree"});
  EXPECT_THAT(TextsOf(ListPresentClasses(mask, kRoom)),
              ElementsAre("car", "tree", "sky", "road"));
}

TEST(LegendTest, AbsentClassesAndPixelsWithoutOneAreLeftOut) {
  const LabelledMask mask = MakeMask({kNoClass, kNoClass, 1}, {"sky", "road"});
  EXPECT_THAT(TextsOf(ListPresentClasses(mask, kRoom)), ElementsAre("road"));
  EXPECT_THAT(ListPresentClasses(MakeMask({kNoClass}, {"sky"}), kRoom),
              IsEmpty());
}

TEST(LegendTest, ClassWithoutALabelIsNumbered) {
  const LabelledMask mask = MakeMask({12}, {"sky"});
  EXPECT_THAT(TextsOf(ListPresentClasses(mask, kRoom)),
              ElementsAre("class 12"));
  EXPECT_THAT(TextsOf(ListAllClasses(mask, kRoom)),
              ElementsAre("sky", "class 12"));
}

TEST(LegendTest, EntriesWrapIntoRows) {
  const std::vector<LegendEntry> entries =
      ListPresentClasses(MaskOfAll(8), kRoom);
  ASSERT_EQ(entries.size(), 8);
  EXPECT_EQ(entries.front().row, 0);
  EXPECT_EQ(entries.back().row, 1);
  for (size_t i = 1; i < entries.size(); ++i) {
    EXPECT_TRUE(entries[i].row > entries[i - 1].row ||
                entries[i].left > entries[i - 1].left);
    EXPECT_LT(entries[i].left, kRoom.width);
  }
}

TEST(LegendTest, TooManyAreCountedAtTheEnd) {
  for (const int rows : {1, 2, 4}) {
    const std::vector<LegendEntry> entries =
        ListPresentClasses(MaskOfAll(100), {480, 20, rows});
    ASSERT_GE(entries.size(), 2);
    EXPECT_EQ(entries.back().text,
              absl::StrCat("+", 100 - (entries.size() - 1), " more"));
    EXPECT_FALSE(entries.back().class_index.has_value());
    EXPECT_EQ(entries.back().row, rows - 1);
  }
}

TEST(LegendTest, LongLabelIsCut) {
  const LabelledMask mask = MakeMask({0, 1}, {std::string(1000, 'W'), "road"});
  const std::vector<LegendEntry> entries = ListPresentClasses(mask, kRoom);
  ASSERT_EQ(entries.size(), 2);
  EXPECT_THAT(entries[0].text, EndsWith("..."));
  EXPECT_EQ(entries[1].row, 1);
}

TEST(LegendTest, LongLabelsInOneRowAreCountedInstead) {
  const std::string label(1000, 'W');
  const std::vector<LegendEntry> entries =
      ListPresentClasses(MakeMask({0, 1}, {label, label}), {224, 16, 1});
  EXPECT_THAT(TextsOf(entries), ElementsAre("+2 more"));
}

TEST(LegendTest, AllClassesKeepTheirPlacesFromMaskToMask) {
  const std::vector<std::string> labels = ManyLabels(8);
  const std::vector<LegendEntry> a =
      ListAllClasses(MakeMask({5, 5, 1}, labels), kRoom);
  const std::vector<LegendEntry> b =
      ListAllClasses(MakeMask({0, 3, 3}, labels), kRoom);
  ASSERT_THAT(TextsOf(a), labels);
  ASSERT_THAT(TextsOf(b), labels);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(a[i].row, b[i].row);
    EXPECT_EQ(a[i].left, b[i].left);
    EXPECT_EQ(a[i].is_present, i == 1 || i == 5);
  }
}

TEST(LegendTest, WithoutRoomForAllClassesThosePresentAreListed) {
  const std::vector<LegendEntry> entries =
      ListAllClasses(MakeMask({70, 90, 90}, ManyLabels(100)), kRoom);
  EXPECT_THAT(TextsOf(entries), ElementsAre("label 90", "label 70"));
}

TEST(LegendTest, RowsFollowFromTheLabels) {
  EXPECT_EQ(NumLegendRows({}, kRoom), 1);
  EXPECT_EQ(NumLegendRows(ManyLabels(3), kRoom), 1);
  EXPECT_EQ(NumLegendRows(ManyLabels(8), kRoom), 2);
  EXPECT_EQ(NumLegendRows(ManyLabels(1000), kRoom), 3);
}

TEST(LegendTest, SwatchHasTheClassesColor) {
  const std::vector<LegendEntry> entries =
      ListPresentClasses(MakeMask({6}, ManyLabels(8)), kRoom);
  cv::Mat strip = cv::Mat::zeros(LegendHeight(kRoom), kRoom.width, CV_8UC3);
  DrawLegend(entries, kRoom, strip);
  const cv::Vec3b swatch = strip.at<cv::Vec3b>(5 + 10, entries[0].left + 5);
  EXPECT_EQ(cv::Scalar(swatch[0], swatch[1], swatch[2]), ClassColor(6));
}

}  // namespace
}  // namespace sluice::device
