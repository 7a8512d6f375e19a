#include "device/options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/device/device_testing.h"
#include "tests/scoped_variable.h"
#include "tests/scratch_folder.h"

namespace sluice::device {
namespace {

using sluice::testing::ScopedVariable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<ParsedCommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sluice-device");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

std::string ErrorOf(std::vector<const char*> arguments) {
  const auto parsed = Parse(std::move(arguments));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument)
      << parsed.status();
  return std::string(parsed.status().message());
}

TEST(OptionsTest, DefaultsSuitTheField) {
  const auto parsed = Parse({"--server", "edge:1", "a.jpg", "photos"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Options& options = parsed->options;
  EXPECT_THAT(options.servers, ElementsAre("edge:1"));
  EXPECT_THAT(options.inputs, ElementsAre("a.jpg", "photos"));
  EXPECT_THAT(options.tails, IsEmpty());
  EXPECT_EQ(vision::ToString(options.view), "fit:256x256");
  EXPECT_EQ(options.codec, "");
  EXPECT_NE(options.cache, "");
  EXPECT_FALSE(options.tls);
  EXPECT_FALSE(options.insecure);
  EXPECT_EQ(options.give_up_after, std::chrono::seconds(60));
  EXPECT_EQ(options.deadline, std::chrono::milliseconds(2000));
  EXPECT_FALSE(options.rate.has_value());
  EXPECT_FALSE(options.max_bytes.has_value());
  EXPECT_EQ(options.send, Send::kFrame);
  EXPECT_EQ(options.top_k, 1);
  EXPECT_EQ(options.score_threshold, 0);
  EXPECT_EQ(options.mask_side, 0);
  EXPECT_FALSE(options.json_masks);
  EXPECT_FALSE(options.compare_jpeg_quality.has_value());
}

TEST(OptionsTest, EveryFlagIsUnderstood) {
  const auto parsed = Parse({"--server",   "edge:1",
                             "--tails",    "imagenet,scenes",
                             "--rate",     "3",
                             "--view",     "crop:224/256",
                             "--codec",    "here",
                             "--deadline", "50",
                             "--save",     "out",
                             "--json",     "--compare-jpeg",
                             "75",         "--contact-sheet",
                             "sheet.png",  "--threads",
                             "2",          "--send",
                             "pixels",     "--pixel-format",
                             "webp",       "--quality",
                             "60",         "--log-level",
                             "off",        "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Options& options = parsed->options;
  EXPECT_THAT(options.tails, ElementsAre("imagenet", "scenes"));
  EXPECT_EQ(options.rate, 3);
  EXPECT_EQ(vision::ToString(options.view), "crop:224/256");
  EXPECT_EQ(options.codec, "here");
  EXPECT_EQ(options.deadline, std::chrono::milliseconds(50));
  EXPECT_EQ(options.save, "out");
  EXPECT_TRUE(options.json);
  EXPECT_EQ(options.top_k, 5);
  EXPECT_EQ(options.compare_jpeg_quality, 75);
  EXPECT_EQ(options.contact_sheet, "sheet.png");
  EXPECT_EQ(options.threads, 2);
  EXPECT_EQ(options.send, Send::kPixels);
  EXPECT_EQ(options.pixel_format, vision::PictureFormat::kWebp);
  EXPECT_EQ(options.quality, 60);
  EXPECT_EQ(options.log_level, "off");
  EXPECT_THAT(options.inputs, ElementsAre("a.jpg"));
}

TEST(OptionsTest, ResultFlagsAreUnderstood) {
  const auto parsed =
      Parse({"--server", "edge:1", "--score-threshold", "0.5", "--mask-side",
             "1024", "--json", "--json-masks", "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->options.score_threshold, 0.5f);
  EXPECT_EQ(parsed->options.mask_side, 1024);
  EXPECT_TRUE(parsed->options.json_masks);
}

TEST(OptionsTest, JsonMasksNeedJson) {
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--json-masks", "a.jpg"}),
              HasSubstr("--json-masks"));
}

TEST(OptionsTest, TailsDoNotSwallowTheInputs) {
  const auto parsed = Parse({"--server", "edge:1", "--tails", "one", "--tails",
                             "two,three", "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->options.tails, ElementsAre("one", "two", "three"));
  EXPECT_THAT(parsed->options.inputs, ElementsAre("a.jpg"));
}

TEST(OptionsTest, FlagsBeatEnvironmentBeatsFileBeatsDefaults) {
  const testing::ScratchFolder folder;
  const std::string file = folder.Write("device.toml",
                                        "server = 'file:1'\n"
                                        "rate = 1\n"
                                        "top-k = 2\n"
                                        "json = true\n"
                                        "tails = ['a', 'b']\n"
                                        "send = 'pixels'\n");
  const ScopedVariable config("SLUICE_DEVICE_CONFIG", file.c_str());
  const ScopedVariable rate("SLUICE_DEVICE_RATE", "2");
  const ScopedVariable top_k("SLUICE_DEVICE_TOP_K", "3");
  const auto parsed = Parse({"--top-k", "4", "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->options.top_k, 4);
  EXPECT_EQ(parsed->options.rate, 2);
  EXPECT_THAT(parsed->options.servers, ElementsAre("file:1"));
  EXPECT_TRUE(parsed->options.json);
  EXPECT_EQ(parsed->options.send, Send::kPixels);
  EXPECT_THAT(parsed->options.tails, ElementsAre("a", "b"));
  EXPECT_EQ(parsed->options.quality, 75);
}

TEST(OptionsTest, SeveralServersAreListedOrRepeated) {
  const auto parsed =
      Parse({"--server", "a:1,b:2", "--server", "c:3", "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->options.servers, ElementsAre("a:1", "b:2", "c:3"));
  EXPECT_THAT(parsed->options.inputs, ElementsAre("a.jpg"));
}

TEST(OptionsTest, LinkAndCacheFlagsAreUnderstood) {
  const auto parsed =
      Parse({"--server", "edge:1", "--tls-ca", "ca.pem", "--tls-name", "edge",
             "--cache", "here", "--codec-id", "0123", "--give-up-after", "0.5",
             "--insecure", "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Options& options = parsed->options;
  EXPECT_TRUE(options.tls);
  EXPECT_EQ(options.tls_ca, "ca.pem");
  EXPECT_EQ(options.tls_name, "edge");
  EXPECT_EQ(options.cache, "here");
  EXPECT_EQ(options.codec_id, "0123");
  EXPECT_EQ(options.give_up_after, std::chrono::milliseconds(500));
  EXPECT_TRUE(options.insecure);
}

TEST(OptionsTest, FlagsThatContradictNameEachOther) {
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--codec", "here", "--cache",
                       "there", "a.jpg"}),
              HasSubstr("--cache"));
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--codec", "here", "--codec-id",
                       "0123", "a.jpg"}),
              HasSubstr("--codec-id"));
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--tls-name", "edge", "a.jpg"}),
              HasSubstr("--tls-ca"));
}

TEST(OptionsTest, MaxBytesIsForFramesOnly) {
  const auto parsed =
      Parse({"--server", "edge:1", "--max-bytes", "1400", "a.jpg"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->options.max_bytes, 1400);
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--max-bytes", "1400", "--send",
                       "pixels", "a.jpg"}),
              HasSubstr("--send pixels"));
}

TEST(OptionsTest, CacheNeedsAFolderFromSomewhere) {
  const ScopedVariable xdg("XDG_CACHE_HOME", "");
  const ScopedVariable home("HOME", "");
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "a.jpg"}), HasSubstr("--cache"));
  EXPECT_TRUE(Parse({"--server", "edge:1", "--codec", "here", "a.jpg"}).ok());
}

TEST(OptionsTest, HelpHasExamplesAndExitCodes) {
  const auto parsed = Parse({"--help"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(*parsed->text, HasSubstr("Examples:"));
  EXPECT_THAT(*parsed->text, HasSubstr("Exit codes:"));
  EXPECT_THAT(*parsed->text, HasSubstr("SLUICE_DEVICE_TOP_K"));
}

TEST(OptionsTest, VersionNamesTheProgram) {
  const auto parsed = Parse({"--version"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(*parsed->text, HasSubstr("sluice-device "));
}

TEST(OptionsTest, MissingServerOrInputIsAnError) {
  EXPECT_THAT(ErrorOf({"a.jpg"}), HasSubstr("--server"));
  EXPECT_THAT(ErrorOf({"--server", "edge:1"}), HasSubstr("INPUT"));
}

TEST(OptionsTest, BadValuesNameTheirFlag) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"--rate", "high"},           {"--view", "zoom:3"},
      {"--max-bytes", "0"},         {"--max-bytes", "-1"},
      {"--max-bytes", "1.5"},       {"--max-bytes", "9999999999"},
      {"--deadline", "0"},          {"--give-up-after", "0"},
      {"--deadline", "soon"},       {"--top-k", "0"},
      {"--compare-jpeg", "101"},    {"--quality", "0"},
      {"--mask-side", "0"},         {"--mask-side", "16385"},
      {"--score-threshold", "0"},   {"--score-threshold", "1.1"},
      {"--score-threshold", "nan"}, {"--threads", "-1"},
      {"--send", "everything"},     {"--pixel-format", "gif"},
      {"--log-level", "chatty"}};
  for (const auto& [flag, value] : cases) {
    EXPECT_THAT(ErrorOf({"--server", "edge:1", flag, value, "a.jpg"}),
                HasSubstr(flag))
        << value;
  }
}

TEST(OptionsTest, UnknownFlagIsAnError) {
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--colour", "red", "a.jpg"}),
              HasSubstr("--colour"));
}

TEST(OptionsTest, SourceFlags) {
  const auto parsed =
      Parse({"--server", "edge:1", "--loop", "--max-fps", "2.5", "--watchdog",
             "0.5", "--codec", "zoo", "clip.mp4"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->options.source.loop);
  EXPECT_EQ(parsed->options.source.max_fps, 2.5);
  EXPECT_EQ(parsed->options.source.watchdog, std::chrono::milliseconds(500));
}

TEST(OptionsTest, SourceFlagsOutOfRangeAreRefused) {
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--max-fps", "0", "--codec", "zoo",
                       "a.jpg"}),
              HasSubstr("--max-fps"));
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--max-fps", "nan", "--codec",
                       "zoo", "a.jpg"}),
              HasSubstr("--max-fps"));
  EXPECT_THAT(ErrorOf({"--server", "edge:1", "--watchdog", "-1", "--codec",
                       "zoo", "a.jpg"}),
              HasSubstr("--watchdog"));
}

}  // namespace
}  // namespace sluice::device
