// Where pictures come from: files that wait, or a camera that does not.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/vision/picture.h"

namespace sluice::device {

// One picture, or the reason why there is none.
struct SourcePicture {
  // "dir/cat.jpg"; "clip.mp4#7", frame 7 of a video; a camera's URI without
  // user and password.
  std::string source;
  // Counts what the source had to give, failures included: 0, 1, 2, ... A gap
  // is a live picture that was dropped for a newer one.
  uint64_t sequence = 0;
  std::chrono::system_clock::time_point captured;
  base::TimePoint started;  // Of its way: reading began, or the camera had it.
  double read_ms = 0;       // Reading and decoding.
  double frame_rate = 0;    // Of the video or camera, per second; 0: unknown.
  absl::StatusOr<vision::Picture> picture;
};

class Source {
 public:
  virtual ~Source() = default;

  // Waits for the next picture; nullopt after the last one, or after Stop().
  // One caller at a time.
  virtual std::optional<SourcePicture> Next() = 0;

  // Ends Next() soon. From any thread.
  virtual void Stop() = 0;

  // Whether pictures go stale, so that a newer one replaces one that waits.
  virtual bool is_live() const = 0;
};

struct SourceOptions {
  double max_fps = 0;  // Pictures per second; 0: as many as there are.
  bool loop = false;   // Files again and again.
  // A camera without a frame for that long is opened anew.
  std::chrono::milliseconds watchdog{10000};
};

// A line for people per change of a camera's state.
using OnSourceState = std::function<void(const std::string& line)>;

// An input is a file, a directory or a pattern (device/file_source.h), with or
// without "file://" before it; or, alone, a camera (device/camera.h).
//   InvalidArgument  a camera beside other inputs or with `loop`; a URI that is
//                    none of these
//   Unavailable      the camera cannot be opened or has no frame
// What is wrong with a file is told in its turn, by Next().
absl::StatusOr<std::unique_ptr<Source>> OpenSource(
    const std::vector<std::string>& inputs, const SourceOptions& options,
    OnSourceState on_state);

}  // namespace sluice::device
