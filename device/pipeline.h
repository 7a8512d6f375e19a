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
#include "device/run_codec.h"
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
// replaces the picture that waits by newer ones. When the codec changes, files
// that were encoded by the old one and not answered are encoded again, and live
// pictures are dropped.
class Pipeline {
 public:
  // One being prepared, one encoded, two at the server.
  static constexpr size_t kMaxPictures = 4;

  // The source and the codec must outlive the pipeline. Errors of
  // `start_link`, or Internal when the encoder fails on a blank view.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Start(
      Source* source, CurrentCodec* codec, const StartLink& start_link,
      KeepPictures keep_pictures);
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
  enum class State { kPreparing, kPrepared, kEncoding, kEncoded, kSent, kDone };

  // A picture behind the capture. The stage that has its pointer owns all of it
  // but `state`.
  struct Item {
    FinishedPicture finished;
    std::shared_ptr<const RunCodec> codec;  // Of `prepared` and `request`.
    PreparedView prepared;  // Keeps the view, in case the codec changes.
    v1::InferRequest request;
    base::TimePoint started;
    State state = State::kPreparing;  // Guarded by mutex_.
    bool is_dropped = false;          // Done, and nothing to report.
  };

  Pipeline(Source* source, CurrentCodec* codec, KeepPictures keep_pictures);

  // The stages.
  void Capture();
  void Prepare();
  void Encode();
  void Send();
  void OnAnswer(uint64_t sequence, absl::StatusOr<Answer> answer);

  // Waits for room; null when the run ends.
  Item* Admit();
  // Waits for the first item in a state and puts it into the next one; null
  // when all that will ever be admitted is done.
  Item* Take(State from, State to);
  bool IsAllDone() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Advance(Item* item, State to);
  absl::Status PrepareItem(SourcePicture picture, Item* item);
  absl::Status EncodeItem(Item* item);
  void Finish(Item* item, absl::Status status);
  // The codec has changed since the item was encoded.
  void EncodeAgain(Item* item);
  // The link refused the request.
  void HandleRefusal(Item* item, const absl::Status& status);
  // Gives the server time to come back before the next picture is tried.
  void Pause();
  bool EndsTheRun(const absl::Status& status) const;
  void EndRun(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Source* const source_;
  CurrentCodec* const codec_;
  const KeepPictures keep_pictures_;
  std::unique_ptr<ServerLink> link_;
  uint64_t next_reported_ = 0;  // Sequence number after the last report's.

  base::BoundedQueue<SourcePicture> captured_{1};

  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);  // In order; Item* stay.
  bool all_are_admitted_ ABSL_GUARDED_BY(mutex_) = false;
  bool all_are_answered_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> stages_;
};

}  // namespace sluice::device
