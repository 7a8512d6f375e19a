#include "server/flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"

namespace sluice::server {
namespace {

class FlagsTest : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv("SLUICE_SERVER_THREADS"); }

  Flags Parse(const std::string& arguments) {
    Flags flags;
    CLI::App app;
    AddFlags(&app, &flags);
    app.parse("--models zoo " + arguments);
    return flags;
  }

  std::string WriteConfig(const std::string& text) {
    const std::filesystem::path path =
        std::filesystem::path(::testing::TempDir()) /
        (std::string(
             ::testing::UnitTest::GetInstance()->current_test_info()->name()) +
         ".toml");
    std::ofstream(path) << text;
    return "--config " + path.string() + " ";
  }
};

TEST_F(FlagsTest, DefaultsAreThePublishedLimits) {
  const Flags flags = Parse("");
  EXPECT_EQ(flags.limits.max_queued_tasks, 64u);
  EXPECT_EQ(flags.limits.max_message_bytes, 4u << 20);
  EXPECT_EQ(flags.default_timeout_ms, 2000);
  EXPECT_FALSE(flags.insecure);
}

TEST_F(FlagsTest, ConfigFileSetsWhatNothingElseDoes) {
  const std::string config = WriteConfig("threads = 3\ninsecure = true\n");
  EXPECT_EQ(Parse(config).threads, 3);
  EXPECT_TRUE(Parse(config).insecure);
}

TEST_F(FlagsTest, EnvironmentWinsOverTheConfigFile) {
  setenv("SLUICE_SERVER_THREADS", "5", 1);
  EXPECT_EQ(Parse(WriteConfig("threads = 3\n")).threads, 5);
}

TEST_F(FlagsTest, FlagWinsOverTheEnvironment) {
  setenv("SLUICE_SERVER_THREADS", "5", 1);
  EXPECT_EQ(Parse(WriteConfig("threads = 3\n") + "--threads 7").threads, 7);
}

TEST_F(FlagsTest, UnknownSettingOfTheConfigFileIsRefused) {
  const std::string config = WriteConfig("treads = 3\n");
  EXPECT_THROW(Parse(config), CLI::ParseError);
}

TEST_F(FlagsTest, ValuesOutOfRangeAreRefused) {
  EXPECT_THROW(Parse("--max-batch-size 0"), CLI::ParseError);
  EXPECT_THROW(Parse("--max-queued-bytes -1"), CLI::ParseError);
  EXPECT_THROW(Parse("--decode-threads many"), CLI::ParseError);
  EXPECT_THROW(Parse("--log-level loud"), CLI::ParseError);
}

TEST_F(FlagsTest, MissingConfigFileIsRefused) {
  EXPECT_THROW(Parse("--config /nonexistent/server.toml"), CLI::ParseError);
}

}  // namespace
}  // namespace sluice::server
