#include "device/options.h"

#include <cmath>
#include <map>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/flags/cache_folder.h"
#include "common/flags/settings.h"

namespace sluice::device {
namespace {

constexpr char kDefaultView[] = "fit:256x256";

constexpr char kDescription[] =
    "Encodes pictures, sends them to a Sluice server and shows its answers.";

constexpr char kFooter[] = R"(
INPUT is a picture (JPEG, PNG, WebP), a directory of pictures, a video file, or
a quoted pattern such as 'photos/*.jpg'; or, alone, a camera:
  v4l2:///dev/video0             a camera of this machine
  rtsp://user:password@host/path a network camera
  http://host/stream.mjpg        Motion JPEG over HTTP
  gst:PIPELINE                   a GStreamer pipeline, to which "videoconvert !
                                 appsink" is added when it has no appsink
Files wait for their answers and lose nothing. A camera does not wait: while
the encoder or the server is busy, newer frames replace older ones, and
"dropped" in the JSON lines counts them, as it does those that do not fit into
--max-bytes. Ctrl-C or SIGTERM ends a run after the answers that are under way.

Examples:
  sluice-device --server 127.0.0.1:50051 cat.jpg
  sluice-device --server edge:50051 --tls-ca ca.pem --view crop:224/256 photos/
  sluice-device --server edge:50051,spare:50051 --tls --json --rate 2 clip.mp4
  sluice-device --server edge:50051 --tls --max-bytes 1400 --json clip.mp4
  sluice-device --server localhost:50051 --json --max-fps 5 v4l2:///dev/video0
  sluice-device --server localhost:50051 --save watch.mp4 rtsp://camera/stream
  sluice-device --server localhost:50051 'gst:libcamerasrc ! video/x-raw,width=640,height=480'
  sluice-device --server localhost:50051 --loop --max-fps 10 clip.mp4
  sluice-device --server localhost:50051 --compare-jpeg 75 --contact-sheet sheet.png photos/
  sluice-device --server localhost:50051 --send pixels --quality 60 photos/
  sluice-device --server localhost:50051 --tails imagenet,fod,camvid --save out photos/
  sluice-device --server localhost:50051 --tails fod --score-threshold 0.5 --json clip.mp4
  sluice-device --server localhost:50051 --tails camvid --save roads.mp4 drive.mp4

One frame answers for all --tails. "results" in the JSON lines has for each tail
its labels ("top"), "boxes" in pixels of the upright picture, the "mask", which
covers the picture, with each class's share of it, or "tensors" with their
shapes. --save DIR draws them all into one picture NAME-annotated.jpg, and keeps
the mask as NAME-TAIL.png: 8 bits, a class index per pixel, 255 where --view cut
the picture off.

Without --codec, the device fetches its half of the codec from the server, once:
over TLS, on loopback, or with --codec-id, since over plaintext nothing else
proves whose it is. Later starts take it from the cache, without a server too.

Settings come from flags, then from the environment (--top-k is
SLUICE_DEVICE_TOP_K), then from the --config file (top-k = 5), then from the
defaults. Results go to standard output, messages to standard error.

Exit codes:
  0  every picture was answered; a camera or --loop was ended by a signal
  1  some picture could not be read, did not fit into --max-bytes, was refused
     by the server, was not answered within --deadline, or could not be written;
     a signal came before the last file (a camera's single pictures may fail)
  2  bad usage: a flag, its value, or a tail that the server does not have
  3  the codec is missing, damaged, or cannot be fetched or kept
  4  no server answers, or the connection was lost and did not come back
     (a camera waits for a server, once it has its codec)
  5  device and server have different codecs
  6  the camera cannot be opened or has no frame at the start (later on it is
     opened again and again)
)";

// Options as CLI11 fills them, before they are understood.
struct RawOptions {
  Options options;
  std::string view = kDefaultView;
  int deadline_ms = 2000;
  double give_up_after_s = 60;
  double watchdog_s = 10;
  std::optional<int> top_k;
};

// CLI11's Range lets "nan" pass.
CLI::Validator InRange(double least, double most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        double value = 0;
        if (absl::SimpleAtod(text, &value) && value >= least && value <= most) {
          return std::string();
        }
        return absl::StrCat("expected ", least, " to ", most, ", found ", text);
      },
      "");
}

void AddSourceFlags(RawOptions* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_option("INPUT", options.inputs,
                  "Pictures, directories, videos, or one camera");
  app->add_option("--max-fps", options.source.max_fps,
                  "At most so many pictures per second; of a camera, the "
                  "others are passed over and not counted as dropped")
      ->type_name("N")
      ->check(InRange(0.001, 1000));
  app->add_flag("--loop", options.source.loop,
                "Begin the files anew after the last one");
  app->add_option("--watchdog", raw->watchdog_s,
                  "Open a camera anew that has had no frame for so long")
      ->type_name("SECONDS")
      ->check(InRange(0.1, 3600))
      ->capture_default_str();
}

void AddServerFlags(RawOptions* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_option("--server", options.servers,
                  "Address of the server; of several, the next one takes over "
                  "when one goes away")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("HOST:PORT,...");
  app->add_flag("--tls", options.tls,
                "Use TLS and trust the certificates that the system trusts");
  app->add_option("--tls-ca", options.tls_ca,
                  "Use TLS and trust the certificates of this PEM file")
      ->type_name("FILE");
  app->add_option("--tls-name", options.tls_name,
                  "Name in the server's certificate (default: the host's)")
      ->type_name("NAME");
  app->add_flag("--insecure", options.insecure,
                "Allow plaintext to servers on other machines");
  app->add_option("--deadline", raw->deadline_ms,
                  "Longest wait for each answer of the server")
      ->type_name("MS")
      ->check(CLI::Range(1, 3600000))
      ->capture_default_str();
  app->add_option("--give-up-after", raw->give_up_after_s,
                  "How long files wait for a server that went away; a camera "
                  "waits for ever")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
}

void AddCodecFlags(RawOptions* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_option("--codec", options.codec,
                  "Codec folder (default: the codec of the server's tails, "
                  "fetched once and kept in the cache)")
      ->type_name("DIR");
  app->add_option("--cache", options.cache,
                  "Where fetched codecs are kept (default: "
                  "$XDG_CACHE_HOME/sluice or ~/.cache/sluice)")
      ->type_name("DIR");
  app->add_option("--codec-id", options.codec_id,
                  "The codec to take from the cache or the server")
      ->type_name("ID");
}

void AddSendingFlags(RawOptions* raw, CLI::App* app) {
  Options& options = raw->options;
  app->add_option("--tails", options.tails,
                  "Tails to run (default: the server's default tail)")
      ->delimiter(',')
      ->allow_extra_args(false)  // The next argument is an INPUT.
      ->type_name("NAME,...");
  app->add_option("--rate", options.rate,
                  "Rate point, 0 is the fewest bytes (default: the codec's); "
                  "with --max-bytes, the highest to try (default: any)")
      ->type_name("N");
  app->add_option("--max-bytes", options.max_bytes,
                  "Size that no frame exceeds: each picture is sent at the "
                  "highest rate that fits; one that fits at none is not sent")
      ->type_name("BYTES")
      ->check(CLI::Range(1, 1 << 30));
  app->add_option("--view", raw->view,
                  "Part and size that is encoded: crop:N, crop:N/M (short side "
                  "to M, centre N) or fit:WxH")
      ->type_name("RULE")
      ->capture_default_str();
  app->add_option("--threads", options.threads,
                  "Threads of the encoder (default: one per core); capture, "
                  "preprocessing and sending have one each besides")
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
  app->add_flag("--json-masks", options.json_masks,
                "With --json, masks as run lengths, too");
  app->add_option("--top-k", raw->top_k,
                  "Labels per picture (default: 1, or 5 with --json)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app->add_option("--score-threshold", options.score_threshold,
                  "Least score of boxes and labels (default: 0.5 for boxes, "
                  "any for labels)")
      ->type_name("SCORE")
      ->check(InRange(0.001, 1));
  app->add_option("--mask-side", options.mask_side,
                  "Longest side of a mask, at most the picture's (default: "
                  "512)")
      ->type_name("PIXELS")
      ->check(CLI::Range(1, vision::kMaxPictureSide));
  app->add_option("--compare-jpeg", options.compare_jpeg_quality,
                  "Also say what the same view costs as JPEG of this quality")
      ->type_name("Q")
      ->check(CLI::Range(1, 100));
  app->add_option("--save", options.save,
                  "Write annotated pictures and masks into this directory, "
                  "or one annotated video that ends in .mp4 or .avi")
      ->type_name("DIR|FILE");
  app->add_option("--contact-sheet", options.contact_sheet,
                  "Write one PNG with all annotated pictures")
      ->type_name("FILE");
  app->add_option(
         "--log-level", options.log_level,
         "debug (with what OpenCV says of a camera), info, warn, error "
         "or off")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
}

// Exactly one of `codec` and `cache` is set afterwards.
absl::Status CompleteCodec(Options* options) {
  if (!options->codec.empty()) {
    if (options->cache.empty() && options->codec_id.empty()) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        "--codec DIR: expected neither --cache nor --codec-id with it");
  }
  if (options->cache.empty()) options->cache = flags::DefaultCacheFolder();
  if (!options->cache.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--codec DIR or --cache DIR is missing: the environment has neither "
      "XDG_CACHE_HOME nor HOME");
}

absl::StatusOr<Options> Understand(RawOptions raw) {
  Options options = std::move(raw.options);
  if (options.servers.empty()) {
    return absl::InvalidArgumentError("--server HOST:PORT is missing");
  }
  SLUICE_RETURN_IF_ERROR(CompleteCodec(&options));
  options.tls = options.tls || !options.tls_ca.empty();
  if (!options.tls && !options.tls_name.empty()) {
    return absl::InvalidArgumentError(
        "--tls-name: expected --tls or --tls-ca FILE with it, found neither");
  }
  options.give_up_after =
      std::chrono::milliseconds(std::lround(1000 * raw.give_up_after_s));
  if (options.max_bytes && options.send == Send::kPixels) {
    return absl::InvalidArgumentError(
        "--max-bytes: expected frames to be sent, found --send pixels");
  }
  if (options.json_masks && !options.json) {
    return absl::InvalidArgumentError(
        "--json-masks: expected --json with it, found none");
  }
  if (options.inputs.empty()) {
    return absl::InvalidArgumentError(
        "expected at least one INPUT: a picture, directory, pattern, video or "
        "camera");
  }
  absl::StatusOr<vision::ViewRule> view = vision::ParseViewRule(raw.view);
  if (!view.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--view: ", view.status().message()));
  }
  options.view = *view;
  options.deadline = std::chrono::milliseconds(raw.deadline_ms);
  options.source.watchdog =
      std::chrono::milliseconds(std::lround(1000 * raw.watchdog_s));
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
  AddSourceFlags(&raw, &app);
  AddServerFlags(&raw, &app);
  AddCodecFlags(&raw, &app);
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
