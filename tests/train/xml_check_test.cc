#include "tests/train/xml_check.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

TEST(XmlCheckTest, AcceptsWhatIsWellFormed) {
  EXPECT_EQ(XmlProblem("<!DOCTYPE html>\n<a b=\"&lt;\"><c/>d &amp; e</a>\n"),
            "");
}

TEST(XmlCheckTest, FindsWhatIsNot) {
  for (const char* text :
       {"", "text", "<a>", "<a></b>", "<a></a></a>", "<a></a><b></b>",
        "<a b></a>", "<a b=c></a>", "<a b=\"1\" b=\"2\"></a>",
        "<a b=\"<\"></a>", "<a>&</a>", "<a>&nbsp;</a>", "<a>< </a>"}) {
    EXPECT_NE(XmlProblem(text), "") << text;
  }
}

}  // namespace
}  // namespace sluice::train
