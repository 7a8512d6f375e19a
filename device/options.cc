#include "device/options.h"

#include <map>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/flags/settings.h"

namespace sluice::device {
namespace {

constexpr char kDefaultView[] = "fit:256x256";

constexpr char kDescription[] =
    "Encodes pictures, sends them to a Sluice server and shows its answers.";

constexpr char kFooter[] = R"(
INPUT is a picture (JPEG, PNG, WebP), a directory of pictures, a video file, or
a quoted pattern such as 'photos/*.jpg'.

Examples:
  sluice-device --server 127.0.0.1:50051 cat.jpg
  sluice-device --server edge:50051 --view crop:224/256 --top-k 5 photos/
  sluice-device --server edge:50051 --json --rate 2 clip.mp4 > results.jsonl
  sluice-device --server edge:50051 --compare-jpeg 75 --contact-sheet sheet.png photos/
  sluice-device --server edge:50051 --send pixels --quality 60 photos/

Settings come from flags, then from the environment (--top-k is
SLUICE_DEVICE_TOP_K), then from the --config file (top-k = 5), then from the
defaults. Results go to standard output, messages to standard error.

Exit codes:
  0  every picture was answered
  1  some picture could not be read, was refused by the server, was not answered
     within --deadline, or could not be written
  2  bad usage: a flag, its value, or a tail that the server does not have
  3  the codec folder is missing or damaged
  4  no server answers, or the connection was lost and did not come back
  5  device and server have different codecs
)";

// Options as CLI11 fills them, before they are understood.
struct RawOptions {
  Options options;
  std::string view = kDefaultView;
  int deadline_ms = 2000;
  std::optional<int> top_k;
};

void AddSendingFlags(RawOptions* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_option("--server", options.server, "Address of the server")
      ->type_name("HOST:PORT");
  app->add_option("--tails", options.tails,
                  "Tails to run (default: the server's default tail)")
      ->delimiter(',')
      ->allow_extra_args(false)  // The next argument is an INPUT.
      ->type_name("NAME,...");
  app->add_option("--codec", options.codec, "Codec folder")
      ->type_name("DIR")
      ->capture_default_str();
  app->add_option("--rate", options.rate,
                  "Rate point, 0 is the fewest bytes (default: the codec's)")
      ->type_name("N");
  app->add_option("--view", raw->view,
                  "Part and size that is encoded: crop:N, crop:N/M (short side "
                  "to M, centre N) or fit:WxH")
      ->type_name("RULE")
      ->capture_default_str();
  app->add_option("--deadline", raw->deadline_ms,
                  "Longest wait for each answer of the server")
      ->type_name("MS")
      ->check(CLI::Range(1, 3600000))
      ->capture_default_str();
  app->add_option("--threads", options.threads,
                  "Threads of the encoder (default: LibTorch's choice)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
  app->add_option("--send", options.send,
                  "What is sent: frame, or pixels for the baseline that "
                  "compresses the picture itself")
      ->type_name("WHAT")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, Send>{{"frame", Send::kFrame},
                                                  {"pixels", Send::kPixels}})
                      .description(""));
  app->add_option("--pixel-format", options.pixel_format,
                  "With --send pixels: jpeg, webp or png")
      ->type_name("FORMAT")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, vision::PictureFormat>{
                                      {"jpeg", vision::PictureFormat::kJpeg},
                                      {"webp", vision::PictureFormat::kWebp},
                                      {"png", vision::PictureFormat::kPng}})
              .description(""));
  app->add_option("--quality", options.quality,
                  "With --send pixels: JPEG or WebP quality")
      ->type_name("Q")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
}

void AddResultFlags(RawOptions* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_flag("--json", options.json, "One JSON object per picture and line");
  app->add_option("--top-k", raw->top_k,
                  "Labels per picture (default: 1, or 5 with --json)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app->add_option("--compare-jpeg", options.compare_jpeg_quality,
                  "Also say what the same view costs as JPEG of this quality")
      ->type_name("Q")
      ->check(CLI::Range(1, 100));
  app->add_option("--save", options.save,
                  "Write annotated pictures into this directory")
      ->type_name("DIR");
  app->add_option("--contact-sheet", options.contact_sheet,
                  "Write one PNG with all annotated pictures")
      ->type_name("FILE");
  app->add_option("--log-level", options.log_level,
                  "debug, info, warn, error or off")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
}

absl::StatusOr<Options> Understand(RawOptions raw) {
  Options options = std::move(raw.options);
  if (options.server.empty()) {
    return absl::InvalidArgumentError("--server HOST:PORT is missing");
  }
  if (options.inputs.empty()) {
    return absl::InvalidArgumentError(
        "expected at least one INPUT: a picture, directory, pattern or video");
  }
  absl::StatusOr<vision::ViewRule> view = vision::ParseViewRule(raw.view);
  if (!view.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--view: ", view.status().message()));
  }
  options.view = *view;
  options.deadline = std::chrono::milliseconds(raw.deadline_ms);
  options.top_k = raw.top_k.value_or(options.json ? 5 : 1);
  return options;
}

}  // namespace

absl::StatusOr<ParsedCommandLine> ParseCommandLine(int argc,
                                                   const char* const* argv) {
  RawOptions raw;
  CLI::App app(kDescription, "sluice-device");
  app.footer(kFooter);
  app.set_version_flag("--version", "sluice-device " SLUICE_VERSION);
  app.add_option("INPUT", raw.options.inputs, "Pictures, directories, videos");
  AddSendingFlags(&raw, &app);
  AddResultFlags(&raw, &app);
  ParsedCommandLine parsed;
  SLUICE_ASSIGN_OR_RETURN(
      parsed.text, flags::ReadSettings(argc, argv, "SLUICE_DEVICE_", &app));
  if (parsed.text) return parsed;
  SLUICE_ASSIGN_OR_RETURN(parsed.options, Understand(std::move(raw)));
  return parsed;
}

}  // namespace sluice::device
