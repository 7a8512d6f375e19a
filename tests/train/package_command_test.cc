#include "models/train/commands/package_command.h"

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

class PackageCommandTest : public ::testing::Test {
 protected:
  PackageCommandTest() { AddPackage(&app_, &command_); }

  // What is wrong with the usage; empty when nothing is.
  std::string Parse(std::vector<std::string> words) {
    words.insert(words.begin(), "package");
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

TEST_F(PackageCommandTest, CodecsComeByCommas) {
  EXPECT_EQ(Parse({"--torchscript", "a.pt", "--codec", "b,c", "--name", "d",
                   "--out", "e"}),
            "");
  EXPECT_TRUE(command_ != nullptr);
}

TEST_F(PackageCommandTest, AllButLabelsIsRequired) {
  EXPECT_THAT(Parse({"--codec", "b", "--name", "d", "--out", "e"}),
              HasSubstr("--torchscript"));
  EXPECT_THAT(Parse({"--torchscript", "a.pt", "--name", "d", "--out", "e"}),
              HasSubstr("--codec"));
  EXPECT_THAT(Parse({"--torchscript", "a.pt", "--codec", "b", "--out", "e"}),
              HasSubstr("--name"));
  EXPECT_THAT(Parse({"--torchscript", "a.pt", "--codec", "b", "--name", "d"}),
              HasSubstr("--out"));
}

TEST_F(PackageCommandTest, AModuleThatIsNotThereFails) {
  const std::string module = (folder_ / "none.pt").string();
  ASSERT_EQ(Parse({"--torchscript", module, "--codec", "b", "--name", "d",
                   "--out", (folder_ / "out").string()}),
            "");
  const absl::Status status = command_();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("none.pt"));
}

}  // namespace
}  // namespace sluice::train
