#include "models/train/report/html_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/train/xml_check.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

TEST(HtmlTableTest, RowsAreHeadedByTheirFirstCell) {
  HtmlTable table("caption", {{"method", HtmlAlign::kLeft}, {"bytes"}});
  table.AddRow({"JPEG", "2,048"});
  const std::string html = table.ToHtml();
  EXPECT_EQ(XmlProblem(html), "");
  EXPECT_THAT(html, HasSubstr("<th class=\"text\" scope=\"row\">JPEG</th>"
                              "<td>2,048</td>"));
}

TEST(HtmlTableTest, EscapesEveryString) {
  HtmlTable table("<c>&", {{"<h>&"}});
  table.AddGroup({"<g>&", "<n>&"});
  table.AddRow({HtmlCell("<t>&", "<n>&")}, HtmlRowWeight::kStrong);
  EXPECT_EQ(XmlProblem(table.ToHtml()), "");
}

TEST(HtmlTableTest, MissingCellsAreBlank) {
  HtmlTable table("", {{"a"}, {"b"}, {"c"}});
  table.AddRow({"1"});
  EXPECT_THAT(table.ToHtml(), HasSubstr("1</th><td></td><td></td></tr>"));
}

TEST(HtmlTableTest, ATableWithoutRowsIsWellFormed) {
  EXPECT_EQ(XmlProblem(HtmlTable("caption", {{"a"}}).ToHtml()), "");
}

}  // namespace
}  // namespace sluice::train
