// The newest picture of a camera, which is opened anew when it falls silent.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "device/backoff.h"
#include "device/camera.h"
#include "device/source.h"

namespace sluice::device {

// Each opened camera is read by a thread of its own, because a driver may hang:
// the watchdog counts frames and gives such a thread up, with its camera.
class LiveSource : public Source {
 public:
  using CameraOpener = std::function<absl::StatusOr<std::unique_ptr<Camera>>()>;

  // Waits for the first frame: Unavailable when the camera cannot be opened or
  // has none within options.watchdog. Only later failures are tried again.
  // `name` is for people.
  static absl::StatusOr<std::unique_ptr<LiveSource>> Open(
      std::string name, CameraOpener open, const SourceOptions& options,
      OnSourceState on_state);
  ~LiveSource() override;

  std::optional<SourcePicture> Next() override;
  void Stop() override;
  bool is_live() const override { return true; }

 private:
  class Feed;  // What the thread of one opened camera shares with this one.
  struct Frame;

  LiveSource(std::string name, CameraOpener open, const SourceOptions& options,
             OnSourceState on_state);

  // False when stopped.
  bool StartFeed();
  // The next frame, or why there is none.
  absl::StatusOr<Frame> NextFrame();
  // Joins the thread if it ends, and otherwise leaves it to itself.
  void EndFeed();
  // False when stopped meanwhile.
  bool WaitToTryAgain();
  SourcePicture ToPicture(Frame frame);

  const std::string name_;
  const CameraOpener open_;
  const SourceOptions options_;
  const OnSourceState on_state_;
  Backoff backoff_;
  std::unique_ptr<SourcePicture> first_;  // Read by Open.
  bool is_away_ = false;
  uint64_t feed_start_ = 0;  // Sequence number of the feed's first frame.
  uint64_t next_sequence_ = 0;
  std::thread reader_;

  base::Mutex mutex_;
  base::CondVar stop_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  // Null while waiting to try again.
  std::shared_ptr<Feed> feed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice::device
