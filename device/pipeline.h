// A source's pictures on their way through the stages, each on its own thread:
// capture -> prepare -> encode -> send -> answer.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/bounded_queue.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/vision/picture.h"
#include "device/picture_encoder.h"
#include "device/report.h"
#include "device/server_link.h"
#include "device/source.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::device {

// Connects a link that gives its answers to `on_answer`.
using StartLink =
    std::function<absl::StatusOr<std::unique_ptr<ServerLink>>(OnAnswer)>;

struct FinishedPicture {
  PictureReport report;
  vision::Picture picture;  // Empty unless kept and read.
};

enum class KeepPictures { kNo, kYes };

// Never holds more than kMaxPictures behind the capture, so that memory stays
// flat. While they are on their way, a source of files waits, and a live one
// replaces the picture that waits by newer ones.
class Pipeline {
 public:
  // One being prepared, one encoded, two at the server.
  static constexpr size_t kMaxPictures = 4;

  // The source and the encoder must outlive the pipeline. Errors of
  // `start_link`, or Internal when the encoder fails on a blank view.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Start(
      Source* source, const PictureEncoder* encoder,
      const StartLink& start_link, KeepPictures keep_pictures);
  // Stops the source and waits for what is under way.
  ~Pipeline();

  // Waits for the next picture, in the source's order: answered or failed. Live
  // pictures that found no server are passed over. Nullopt after the last one:
  // the source has ended, or the link was lost for good. One caller at a time.
  std::optional<FinishedPicture> Next();

  // Why the run had to end: Unavailable, FailedPrecondition or NotFound of the
  // link. OK as long as it need not.
  absl::Status status();

 private:
  // A picture behind the capture. The stage that has its pointer owns it.
  struct Item {
    FinishedPicture finished;
    PreparedView prepared;
    v1::InferRequest request;
    base::TimePoint started;
    bool is_sent = false;
    bool is_done = false;
    bool is_dropped = false;  // Done, and nothing to report.
  };

  Pipeline(Source* source, const PictureEncoder* encoder,
           KeepPictures keep_pictures);

  // The stages.
  void Capture();
  void Prepare();
  void Encode();
  void Send();
  void OnAnswer(uint64_t sequence, absl::StatusOr<Answer> answer);

  // Waits for room; null when the run ends.
  Item* Admit();
  void Finish(Item* item, absl::Status status);
  // The link refused the request.
  void HandleRefusal(Item* item, const absl::Status& status);
  // Gives the server time to come back before the next picture is tried.
  void Pause();
  bool EndsTheRun(const absl::Status& status) const;
  void EndRun(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Source* const source_;
  const PictureEncoder* const encoder_;
  const KeepPictures keep_pictures_;
  std::unique_ptr<ServerLink> link_;
  uint64_t next_reported_ = 0;  // Sequence number after the last report's.

  base::BoundedQueue<SourcePicture> captured_{1};
  base::BoundedQueue<Item*> prepared_{kMaxPictures};
  base::BoundedQueue<Item*> encoded_{kMaxPictures};

  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);  // In order; Item* stay.
  bool all_are_answered_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> stages_;
};

}  // namespace sluice::device
