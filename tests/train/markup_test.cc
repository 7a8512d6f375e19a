#include "models/train/report/markup.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

TEST(MarkupTest, EscapesWhatMarkupMeans) {
  EXPECT_EQ(EscapeMarkup("<b a=\"1\" c='2'>&"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
}

TEST(MarkupTest, KeepsUtf8) {
  EXPECT_EQ(EscapeMarkup("Zürich €5 \U0001F600"), "Zürich €5 \U0001F600");
}

TEST(MarkupTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(EscapeMarkup("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(EscapeMarkup("\xC3"), "\uFFFD");            // Cut off.
  EXPECT_EQ(EscapeMarkup("\xE2\x82"), "\uFFFD\uFFFD");  // Cut off.
  EXPECT_EQ(EscapeMarkup("\xC0\xBC"), "\uFFFD\uFFFD");  // Overlong <.
  EXPECT_EQ(EscapeMarkup("\xE0\x80\xBC"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(EscapeMarkup("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // Surrogate.
  EXPECT_EQ(EscapeMarkup("\xF4\x90\x80\x80"),
            "\uFFFD\uFFFD\uFFFD\uFFFD");  // Above U+10FFFF.
  EXPECT_EQ(EscapeMarkup("\xEF\xBF\xBF"), "\uFFFD\uFFFD\uFFFD");  // U+FFFF.
}

TEST(MarkupTest, ReplacesControlCharacters) {
  EXPECT_EQ(EscapeMarkup(std::string_view("a\0b\x1B", 4)), "a\uFFFDb\uFFFD");
  EXPECT_EQ(EscapeMarkup("a\tb\n"), "a\tb\n");
}

TEST(MarkupTest, GroupsThousands) {
  EXPECT_EQ(FormatNumber(0, 0), "0");
  EXPECT_EQ(FormatNumber(999, 0), "999");
  EXPECT_EQ(FormatNumber(1000, 0), "1,000");
  EXPECT_EQ(FormatNumber(1234567.891, 2), "1,234,567.89");
  EXPECT_EQ(FormatNumber(0.0625, 3), "0.062");
}

TEST(MarkupTest, WritesAMinusOnlyBeforeWhatIsLessThanZero) {
  EXPECT_EQ(FormatNumber(-1234.5, 1), "−1,234.5");
  EXPECT_EQ(FormatNumber(-0.04, 1), "0.0");
}

TEST(MarkupTest, WritesADashForWhatIsNotFinite) {
  EXPECT_EQ(FormatNumber(std::numeric_limits<double>::quiet_NaN(), 1), "–");
  EXPECT_EQ(FormatNumber(-std::numeric_limits<double>::infinity(), 1), "–");
}

}  // namespace
}  // namespace sluice::train
