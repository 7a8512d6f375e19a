// What is known of one picture at the end: as a JSON line or a table row.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"
#include "device/tail_result.h"

namespace sluice::device {

// Milliseconds. The server_ fields are durations on the server's own clock.
struct Timings {
  double read = 0;          // Reading and decoding the source.
  double preprocess = 0;    // To the view and the network's input.
  double encode = 0;        // Encoder; the picture codec when pixels are sent.
  double entropy_code = 0;  // Quantizer, entropy coder and frame.
  double round_trip = 0;    // From sending the request to having the answer.
  double waiting = 0;       // Between the stages above, for their turn.
  double server_queue = 0;
  double server_entropy_decode = 0;
  double server_batch_wait = 0;
  double server_decoder_network = 0;
  double server_tail = 0;
  double server_postprocess = 0;
  double server_total = 0;

  double network() const { return round_trip - server_total; }
  double total() const {
    return read + preprocess + encode + entropy_code + round_trip + waiting;
  }
};

// How a picture was sent as pixels instead of a frame.
struct SentImage {
  vision::PictureFormat format = vision::PictureFormat::kJpeg;
  int quality = 0;
  size_t bytes = 0;
};

struct JpegComparison {
  int quality = 0;
  size_t bytes = 0;  // Of the same view, before padding.
};

struct PictureReport {
  std::string source;
  bool is_live = false;  // Of a camera; else of a file.
  uint64_t sequence = 0;
  uint64_t num_dropped = 0;  // Live pictures before it that have no report.
  std::chrono::system_clock::time_point captured;
  double frame_rate = 0;  // Of the video or camera; 0: unknown.
  // Not OK: there is no answer, and the fields below say nothing.
  absl::Status status;

  vision::ViewRule view;
  vision::Geometry geometry;
  int rate = 0;
  size_t frame_bytes = 0;          // The frame alone.
  std::optional<SentImage> image;  // Sent instead of a frame.
  size_t wire_bytes = 0;           // The whole serialized request message.
  size_t answer_bytes = 0;         // The whole serialized response message.
  std::optional<JpegComparison> jpeg;
  Timings timings;
  std::vector<TailResult> results;

  // The frame or the image that was sent instead.
  size_t sent_bytes() const { return image ? image->bytes : frame_bytes; }
  // 8 * sent_bytes over the pixels of the view before padding.
  double bpp() const;
  // Every tail answered.
  bool ok() const;
};

// "jpeg", "png" or "webp".
const char* ToString(vision::PictureFormat format);

// "2024-02-29T23:59:59.007Z"
std::string ToUtcText(std::chrono::system_clock::time_point time);

// Whether masks come as run lengths, or only as each class's share of them.
enum class JsonMasks { kShares, kRunLengths };

// One line without a newline. Bytes of a name that are no UTF-8 come out as
// U+FFFD.
std::string ToJsonLine(const PictureReport& report,
                       JsonMasks masks = JsonMasks::kShares);

}  // namespace sluice::device
