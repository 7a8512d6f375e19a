#include "models/train/commands/eval_command.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scratch_folder.h"

namespace sluice::train {
namespace {

using ::testing::HasSubstr;

class EvalCommandTest : public ::testing::Test {
 protected:
  EvalCommandTest() { AddEval(&app_, "sluice-model eval", &command_); }

  // What is wrong with the usage; empty when nothing is.
  std::string Parse(std::vector<std::string> words) {
    words.insert(words.begin(), "eval");
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
      app_.parse(reversed);
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return "";
  }

  const testing::ScratchFolder folder_;
  CLI::App app_;
  Command command_;
};

TEST_F(EvalCommandTest, PairsAreRepeated) {
  EXPECT_EQ(Parse({"--codec", "a", "--tail", "b", "--codec", "c", "--tail", "d",
                   "--data", "e", "--baselines", "all,jpeg"}),
            "");
  EXPECT_TRUE(command_ != nullptr);
}

TEST_F(EvalCommandTest, DataViewsAndSplitsAreRepeatedInStep) {
  EXPECT_EQ(Parse({"--codec", "a", "--tail",  "b",
                   "--data",  "c", "--view",  "crop:224/227",
                   "--codec", "a", "--tail",  "d",
                   "--data",  "e", "--split", "val",
                   "--only",  "",  "--view",  "fit:320x320"}),
            "");
  EXPECT_TRUE(command_ != nullptr);
}

TEST_F(EvalCommandTest, AViewThatIsNoneIsBadUsage) {
  EXPECT_THAT(Parse({"--codec", "a", "--tail", "b", "--data", "c", "--view",
                     "crop:224", "--view", "wide"}),
              HasSubstr("wide"));
}

TEST_F(EvalCommandTest, AnUnknownBaselineIsBadUsageThatNamesAll) {
  const std::string error = Parse({"--codec", "a", "--tail", "b", "--data", "e",
                                   "--baselines", "jpeg,gif"});
  EXPECT_THAT(error, HasSubstr("gif"));
  EXPECT_THAT(error, HasSubstr("webp-half"));
}

TEST_F(EvalCommandTest, NegativeNumbersAreBadUsage) {
  for (const char* option : {"--limit", "--latency-pictures", "--threads"}) {
    EXPECT_THAT(
        Parse({"--codec", "a", "--tail", "b", "--data", "e", option, "-1"}),
        HasSubstr(option));
  }
}

TEST_F(EvalCommandTest, APairAndDataAreRequired) {
  EXPECT_THAT(Parse({"--tail", "b", "--data", "e"}), HasSubstr("--codec"));
  EXPECT_THAT(Parse({"--codec", "a", "--data", "e"}), HasSubstr("--tail"));
  EXPECT_THAT(Parse({"--codec", "a", "--tail", "b"}), HasSubstr("--data"));
}

TEST_F(EvalCommandTest, OtherNumbersOfTailsThanOfCodecsFail) {
  ASSERT_EQ(
      Parse({"--codec", "a", "--codec", "b", "--tail", "c", "--data", "e"}),
      "");
  const absl::Status status = command_();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 codecs and 1 tails"));
}

TEST_F(EvalCommandTest, AReportWithoutAFolderFailsBeforeAnythingRuns) {
  ASSERT_EQ(Parse({"--codec", "a", "--tail", "b", "--data", "e", "--html",
                   (folder_ / "none" / "report.html").string()}),
            "");
  const absl::Status status = command_();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("report.html: "));
}

}  // namespace
}  // namespace sluice::train
