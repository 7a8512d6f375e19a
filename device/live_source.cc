#include "device/live_source.h"

#include <atomic>
#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/bounded_queue.h"
#include "common/base/status_macros.h"
#include "device/frame_pacer.h"
#include "device/stopwatch.h"

namespace sluice::device {
namespace {

// For a camera to end in: after that its driver counts as hanging.
constexpr std::chrono::milliseconds kEndLimit{1000};

}  // namespace

struct LiveSource::Frame {
  uint64_t number = 0;  // Since the camera was opened.
  std::chrono::system_clock::time_point captured;
  base::TimePoint started;
  double read_ms = 0;
  double frame_rate = 0;
  absl::StatusOr<vision::Picture> picture;
};

class LiveSource::Feed {
 public:
  // The reader's thread: frames until told to stop or there are no more.
  void Run(const CameraOpener& open, double max_fps) {
    const absl::Status status = Read(open, max_fps);
    {
      base::MutexLock lock(mutex_);
      end_ = status;
      changed_.NotifyAll();
    }
    frames_.Close();
  }

  // Nullopt when there is none by then, or no more.
  std::optional<Frame> NextUntil(base::TimePoint deadline) {
    return frames_.PopUntil(deadline);
  }

  // Why the reader ended; nullopt while it has not by `deadline`.
  std::optional<absl::Status> EndUntil(base::TimePoint deadline) {
    base::MutexLock lock(mutex_);
    while (!end_ && !changed_.WaitUntil(mutex_, deadline)) {
    }
    return end_;
  }

  void Stop() {
    is_stopped_ = true;
    frames_.Close();
  }

 private:
  absl::Status Read(const CameraOpener& open, double max_fps) {
    SLUICE_ASSIGN_OR_RETURN(const std::unique_ptr<Camera> camera, open());
    FramePacer pacer(max_fps);
    const double frame_rate = camera->frame_rate();
    for (uint64_t number = 0; !is_stopped_;) {
      SLUICE_RETURN_IF_ERROR(camera->Grab());
      const base::TimePoint now = std::chrono::steady_clock::now();
      if (now < pacer.due()) continue;
      pacer.Take(now);
      Frame frame;
      frame.number = number++;
      frame.captured = std::chrono::system_clock::now();
      frame.started = now;
      frame.frame_rate = frame_rate;
      Stopwatch stopwatch;
      frame.picture = camera->Retrieve();
      frame.read_ms = stopwatch.Lap();
      frames_.PushDroppingOldest(std::move(frame));
    }
    return absl::CancelledError("stopped");
  }

  base::BoundedQueue<Frame> frames_{1};
  std::atomic<bool> is_stopped_ = false;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

LiveSource::LiveSource(std::string name, CameraOpener open,
                       const SourceOptions& options, OnSourceState on_state)
    : name_(std::move(name)),
      open_(std::move(open)),
      options_(options),
      on_state_(std::move(on_state)),
      backoff_(std::random_device()()) {}

LiveSource::~LiveSource() {
  Stop();
  EndFeed();
}

absl::StatusOr<std::unique_ptr<LiveSource>> LiveSource::Open(
    std::string name, CameraOpener open, const SourceOptions& options,
    OnSourceState on_state) {
  std::unique_ptr<LiveSource> source(new LiveSource(
      std::move(name), std::move(open), options, std::move(on_state)));
  source->StartFeed();
  absl::StatusOr<Frame> frame = source->NextFrame();
  if (!frame.ok()) {
    return absl::UnavailableError(
        absl::StrCat(source->name_, ": ", frame.status().message()));
  }
  source->first_ =
      std::make_unique<SourcePicture>(source->ToPicture(*std::move(frame)));
  return source;
}

bool LiveSource::StartFeed() {
  base::MutexLock lock(mutex_);
  if (is_stopped_) return false;
  feed_ = std::make_shared<Feed>();
  feed_start_ = next_sequence_;
  reader_ = std::thread([feed = feed_, open = open_, fps = options_.max_fps] {
    feed->Run(open, fps);
  });
  return true;
}

absl::StatusOr<LiveSource::Frame> LiveSource::NextFrame() {
  std::shared_ptr<Feed> feed;
  {
    base::MutexLock lock(mutex_);
    feed = feed_;
  }
  const auto now = std::chrono::steady_clock::now();
  std::optional<Frame> frame = feed->NextUntil(now + options_.watchdog);
  if (frame) return *std::move(frame);
  if (const std::optional<absl::Status> end = feed->EndUntil(now)) return *end;
  return absl::DeadlineExceededError(
      absl::StrCat("no frame for ", options_.watchdog.count(), " ms"));
}

void LiveSource::EndFeed() {
  std::shared_ptr<Feed> feed;
  {
    base::MutexLock lock(mutex_);
    feed.swap(feed_);
  }
  if (feed == nullptr) return;
  feed->Stop();
  if (feed->EndUntil(std::chrono::steady_clock::now() + kEndLimit)) {
    reader_.join();
  } else {
    reader_.detach();
  }
}

bool LiveSource::WaitToTryAgain() {
  const auto next_attempt = std::chrono::steady_clock::now() + backoff_.Next();
  base::MutexLock lock(mutex_);
  while (!is_stopped_ && !stop_.WaitUntil(mutex_, next_attempt)) {
  }
  return !is_stopped_;
}

std::optional<SourcePicture> LiveSource::Next() {
  if (first_ != nullptr) return std::move(*std::exchange(first_, nullptr));
  while (true) {
    absl::StatusOr<Frame> frame = NextFrame();
    if (frame.ok()) {
      if (is_away_) on_state_(absl::StrCat("frames of ", name_, " again"));
      is_away_ = false;
      backoff_.Reset();
      return ToPicture(*std::move(frame));
    }
    EndFeed();
    {
      base::MutexLock lock(mutex_);
      if (is_stopped_) return std::nullopt;
    }
    if (!is_away_) {
      on_state_(absl::StrCat("lost ", name_, ": ",
                             std::string(frame.status().message()),
                             "; trying again"));
    }
    is_away_ = true;
    if (!WaitToTryAgain() || !StartFeed()) return std::nullopt;
  }
}

void LiveSource::Stop() {
  base::MutexLock lock(mutex_);
  is_stopped_ = true;
  stop_.NotifyAll();
  if (feed_ != nullptr) feed_->Stop();
}

SourcePicture LiveSource::ToPicture(Frame frame) {
  SourcePicture picture;
  picture.source = name_;
  picture.sequence = feed_start_ + frame.number;
  picture.captured = frame.captured;
  picture.started = frame.started;
  picture.read_ms = frame.read_ms;
  picture.frame_rate = frame.frame_rate;
  picture.picture = std::move(frame.picture);
  next_sequence_ = picture.sequence + 1;
  return picture;
}

}  // namespace sluice::device
