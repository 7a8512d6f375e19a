// The command line of sluice-device.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "device/source.h"

namespace sluice::device {

// What the exit status says.
enum class ExitCode {
  kOk = 0,             // Every picture was answered.
  kSomeFailed = 1,     // Some picture failed, was refused or came too late.
  kUsage = 2,          // A flag makes no sense.
  kBadCodec = 3,       // The codec folder is missing or damaged.
  kNoServer = 4,       // No server answers, or the connection was lost.
  kCodecMismatch = 5,  // Device and server have different codecs.
  kNoCamera = 6,       // The camera cannot be opened or has no frame.
};

enum class Send { kFrame, kPixels };

struct Options {
  std::vector<std::string> inputs;
  SourceOptions source;
  std::vector<std::string> servers;  // HOST:PORT, the preferred one first.
  bool tls = false;                  // Also with --tls-ca alone.
  std::string tls_ca;                // PEM file; empty: the system's.
  std::string tls_name;              // Empty: the host's own.
  bool insecure = false;             // Plaintext to other machines is meant.
  std::chrono::milliseconds give_up_after{60000};
  std::vector<std::string> tails;  // Empty: the server's default tail.
  std::optional<int> rate;  // None: the codec's default, or with max_bytes the
                            // highest that fits.
  std::optional<int> max_bytes;  // Of each frame.
  vision::ViewRule view;
  std::string codec;     // Folder; empty: from the cache or a server.
  std::string cache;     // Folder; set when `codec` is not.
  std::string codec_id;  // To take from the cache; empty: the server's.
  std::chrono::milliseconds deadline{2000};
  int threads = 0;  // 0: as many as LibTorch likes.
  Send send = Send::kFrame;
  vision::PictureFormat pixel_format = vision::PictureFormat::kJpeg;
  int quality = 75;  // Of pixels that are sent.
  bool json = false;
  bool json_masks = false;  // With `json`: as run lengths.
  int top_k = 1;
  float score_threshold = 0;  // 0: the server's, of each task.
  int mask_side = 0;          // Pixels; 0: the server's.
  std::optional<int> compare_jpeg_quality;
  std::string save;  // Directory or video of annotated pictures; empty: none.
  std::string contact_sheet;  // PNG file; empty: none.
  std::string log_level = "info";
};

// --help and --version ask for a text and nothing else.
struct ParsedCommandLine {
  std::optional<std::string> text;
  Options options;
};

// Flags, then SLUICE_DEVICE_* variables, then the --config file, then defaults.
// InvalidArgument saying what was expected.
absl::StatusOr<ParsedCommandLine> ParseCommandLine(int argc,
                                                   const char* const* argv);

}  // namespace sluice::device
