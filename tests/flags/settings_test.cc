#include "common/flags/settings.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scoped_variable.h"
#include "tests/scratch_folder.h"

namespace sluice::flags {
namespace {

using ::sluice::testing::ScopedVariable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class SettingsTest : public ::testing::Test {
 protected:
  // A program with one option of every kind.
  SettingsTest() {
    app_.set_version_flag("--version", "program 1.2");
    app_.add_option("INPUT", inputs_);
    app_.add_option("--top-k", top_k_)->check(CLI::Range(1, 9));
    app_.add_option("--scale", scale_);
    app_.add_option("--names", names_)->delimiter(',')->allow_extra_args(false);
    app_.add_flag("--quiet", quiet_);
  }

  absl::StatusOr<std::optional<std::string>> Read(
      std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"program"};
    for (const std::string& argument : arguments) {
      argv.push_back(argument.c_str());
    }
    return ReadSettings(static_cast<int>(argv.size()), argv.data(), "PROGRAM_",
                        &app_);
  }

  std::string Config(const std::string& text) {
    return folder_.Write("program.toml", text);
  }

  const testing::ScratchFolder folder_;
  CLI::App app_{"Does something.", "program"};
  std::vector<std::string> inputs_;
  int top_k_ = 5;
  double scale_ = 1.0;
  std::vector<std::string> names_ = {"default"};
  bool quiet_ = false;
};

TEST_F(SettingsTest, WhatNothingSetsKeepsItsDefault) {
  const auto text = Read({"a.jpg"});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, std::nullopt);
  EXPECT_THAT(inputs_, ElementsAre("a.jpg"));
  EXPECT_EQ(top_k_, 5);
  EXPECT_THAT(names_, ElementsAre("default"));
}

TEST_F(SettingsTest, FileSetsOptionsOfEveryKind) {
  const auto text = Read({"--config", Config("top-k = 2\n"
                                             "scale = 0.25\n"
                                             "names = ['a', 'b']\n"
                                             "quiet = true\n")});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(top_k_, 2);
  EXPECT_EQ(scale_, 0.25);
  EXPECT_THAT(names_, ElementsAre("a", "b"));
  EXPECT_TRUE(quiet_);
}

TEST_F(SettingsTest, FalseInTheFileLeavesAFlagUnset) {
  ASSERT_TRUE(Read({"--config", Config("quiet = false\n")}).ok());
  EXPECT_FALSE(quiet_);
}

TEST_F(SettingsTest, EnvironmentBeatsTheFile) {
  const ScopedVariable variable("PROGRAM_TOP_K", "3");
  ASSERT_TRUE(Read({"--config", Config("top-k = 2\nscale = 4\n")}).ok());
  EXPECT_EQ(top_k_, 3);
  EXPECT_EQ(scale_, 4.0);
}

TEST_F(SettingsTest, FlagBeatsEnvironmentAndFile) {
  const ScopedVariable variable("PROGRAM_TOP_K", "3");
  ASSERT_TRUE(Read({"--top-k", "4", "--config", Config("top-k = 2\n")}).ok());
  EXPECT_EQ(top_k_, 4);
}

TEST_F(SettingsTest, EnvironmentNamesTheFileToo) {
  const std::string file = Config("top-k = 2\n");
  const ScopedVariable variable("PROGRAM_CONFIG", file.c_str());
  ASSERT_TRUE(Read({}).ok());
  EXPECT_EQ(top_k_, 2);
}

TEST_F(SettingsTest, HelpNamesTheVariablesOfSettingsAlone) {
  const auto text = Read({"--help"});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(text->value(), HasSubstr("PROGRAM_TOP_K"));
  EXPECT_THAT(text->value(), Not(HasSubstr("PROGRAM_HELP")));
  EXPECT_THAT(text->value(), Not(HasSubstr("PROGRAM_INPUT")));
}

TEST_F(SettingsTest, VersionIsOneLine) {
  const auto text = Read({"--version"});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->value(), "program 1.2\n");
}

TEST_F(SettingsTest, BadFlagIsInvalidAndNamed) {
  const absl::Status status = Read({"--top-k", "many"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--top-k"));
}

TEST_F(SettingsTest, UnknownFlagIsInvalidAndNamed) {
  const absl::Status status = Read({"--colour=red"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--colour"));
}

TEST_F(SettingsTest, BadVariableIsInvalidAndNamed) {
  const ScopedVariable variable("PROGRAM_TOP_K", "0");
  const absl::Status status = Read({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--top-k"));
}

TEST_F(SettingsTest, MissingFileIsNotFoundAndNamed) {
  const absl::Status status = Read({"--config", "/no/program.toml"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/program.toml"));
}

struct BadFile {
  std::string text;
  std::string message;  // Behind the path of the file.
};
class BadFileTest : public SettingsTest,
                    public ::testing::WithParamInterface<BadFile> {};

TEST_P(BadFileTest, ErrorNamesFileLineAndKey) {
  const std::string file = Config(GetParam().text);
  const absl::Status status = Read({"--config", file}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(file + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFileTest,
    ::testing::Values(
        BadFile{"top-k = 1\ntop-k = 2", ":2: "}, BadFile{"top-k == 1", ":1: "},
        BadFile{"names = ['a'", ":1: "},
        BadFile{"\ncolour = 'red'", ":2: colour: no such setting"},
        BadFile{"config = 'x.toml'", ":1: config: no such setting"},
        BadFile{"help = true", ":1: help: no such setting"},
        BadFile{"INPUT = 'a.jpg'", ":1: INPUT: no such setting"},
        BadFile{"top-k = 'many'", ":1: top-k: "},
        BadFile{"top-k = 10", ":1: top-k: "},
        BadFile{"top-k = [1, 2]", ":1: top-k: "},
        BadFile{"top-k = 1999-12-31", ":1: top-k: expected a string"},
        BadFile{"quiet = 'perhaps'", ":1: quiet: "},
        BadFile{"[server]\nhost = 'x'", ":1: server: no such setting"},
        BadFile{"[scale]\nx = 1", ":1: scale: expected a string"}));

}  // namespace
}  // namespace sluice::flags
