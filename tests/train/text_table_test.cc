#include "models/train/report/text_table.h"

#include "gtest/gtest.h"

namespace sluice::train {
namespace {

TEST(TextTableTest, AlignsTheFirstColumnLeftAndOthersRight) {
  TextTable table({"path", "bytes"});
  table.AddRow({"a", "12345"});
  table.AddRow({"longer", "7"});
  EXPECT_EQ(table.ToString(),
            "path    bytes\n"
            "-------------\n"
            "a       12345\n"
            "longer      7\n");
}

TEST(TextTableTest, MissingCellsAreBlankWithoutTrailingSpaces) {
  TextTable table({"path", "bytes"});
  table.AddRow({"a"});
  EXPECT_EQ(table.ToString(),
            "path  bytes\n"
            "-----------\n"
            "a\n");
}

TEST(TextTableTest, ATableWithoutRowsIsItsHeader) {
  EXPECT_EQ(TextTable({"a", "b"}).ToString(), "a  b\n----\n");
}

}  // namespace
}  // namespace sluice::train
