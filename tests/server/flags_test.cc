#include "server/flags.h"

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scoped_variable.h"
#include "tests/scratch_folder.h"

namespace sluice::server {
namespace {

using sluice::testing::ScopedVariable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<ParsedCommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sluice-server");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(FlagsTest, DefaultsAreThePublishedLimits) {
  const auto parsed = Parse({"--models", "zoo"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->text, std::nullopt);
  const Flags& flags = parsed->flags;
  EXPECT_EQ(flags.limits.max_queued_tasks, 64u);
  EXPECT_EQ(flags.limits.max_message_bytes, 4u << 20);
  EXPECT_EQ(flags.default_timeout_ms, 2000);
  EXPECT_FALSE(flags.insecure);
}

TEST(FlagsTest, FlagsBeatEnvironmentBeatsFileBeatsDefaults) {
  const testing::ScratchFolder folder;
  const std::string file = folder.Write("server.toml",
                                        "models = ['zoo', 'more']\n"
                                        "insecure = true\n"
                                        "threads = 3\n"
                                        "max-batch-size = 3\n"
                                        "max-queued-bytes = 3\n");
  const ScopedVariable threads("SLUICE_SERVER_THREADS", "4");
  const ScopedVariable batch("SLUICE_SERVER_MAX_BATCH_SIZE", "4");
  const auto parsed =
      Parse({"--max-batch-size", "5", "--config", file.c_str()});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Flags& flags = parsed->flags;
  EXPECT_EQ(flags.limits.max_batch_size, 5u);
  EXPECT_EQ(flags.threads, 4);
  EXPECT_THAT(flags.models, ElementsAre("zoo", "more"));
  EXPECT_TRUE(flags.insecure);
  EXPECT_EQ(flags.limits.max_queued_bytes, 3u);
  EXPECT_EQ(flags.decode_threads, 2);
}

TEST(FlagsTest, TorchScriptIsAllowedByFlagEnvironmentOrFileAlone) {
  const testing::ScratchFolder folder;
  EXPECT_FALSE(Parse({"--models", "zoo"})->flags.allow_torchscript);
  EXPECT_TRUE(Parse({"--models", "zoo", "--allow-torchscript"})
                  ->flags.allow_torchscript);
  const std::string file =
      folder.Write("server.toml", "allow-torchscript = true\n");
  EXPECT_TRUE(Parse({"--models", "zoo", "--config", file.c_str()})
                  ->flags.allow_torchscript);
  const ScopedVariable variable("SLUICE_SERVER_ALLOW_TORCHSCRIPT", "true");
  EXPECT_TRUE(Parse({"--models", "zoo"})->flags.allow_torchscript);
}

TEST(FlagsTest, ServerWithoutModelsIsRefused) {
  const absl::Status status = Parse({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--models"));
}

TEST(FlagsTest, CertificateAndKeyGoTogether) {
  const auto both =
      Parse({"--models", "zoo", "--tls-cert", "a.pem", "--tls-key", "a.key"});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->flags.tls_certificate, "a.pem");
  EXPECT_EQ(both->flags.tls_private_key, "a.key");
  EXPECT_THAT(
      std::string(
          Parse({"--models", "zoo", "--tls-cert", "a.pem"}).status().message()),
      HasSubstr("--tls-key is missing"));
  EXPECT_THAT(
      std::string(
          Parse({"--models", "zoo", "--tls-key", "a.key"}).status().message()),
      HasSubstr("--tls-cert is missing"));
}

TEST(FlagsTest, HelpNeedsNoModels) {
  const auto parsed = Parse({"--help"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(*parsed->text, HasSubstr("Examples:"));
  EXPECT_THAT(*parsed->text, HasSubstr("SLUICE_SERVER_MAX_BATCH_SIZE"));
}

TEST(FlagsTest, ValuesOutOfRangeAreRefused) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"--max-batch-size", "0"},
      {"--max-in-flight-per-stream", "0"},
      {"--max-queued-bytes", "-1"},
      {"--decode-threads", "many"},
      {"--log-level", "loud"}};
  for (const auto& [flag, value] : cases) {
    const absl::Status status =
        Parse({"--models", "zoo", flag, value}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << flag;
    EXPECT_THAT(std::string(status.message()), HasSubstr(flag));
  }
}

}  // namespace
}  // namespace sluice::server
