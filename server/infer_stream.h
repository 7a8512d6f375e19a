// One InferStream in progress, and the set of those that are open.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "grpcpp/support/server_callback.h"
#include "server/infer_pipeline.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

class InferStream;

// The streams of one server. Safe to call from several threads.
class OpenStreams {
 public:
  // Drains every stream, and those still to come.
  void Drain();
  // Returns true once no stream is open, false at `deadline`.
  bool WaitUntilNone(base::TimePoint deadline);

 private:
  friend class InferStream;
  void Add(InferStream* stream);
  void Remove(InferStream* stream);

  base::Mutex mutex_;
  base::CondVar removed_;
  std::set<InferStream*> streams_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

// Hands every message to the pipeline as it arrives and writes the answers in
// order of arrival. With the limits' max_in_flight_per_stream messages read and
// not yet answered on the wire it reads no further, so that the client's
// writes come to a halt. Takes no thread of its own; owns itself until gRPC is
// done with it.
//
// The stream ends OK when the client has half-closed and has every answer, and
// Unavailable when the server drains. A stream that was cancelled, or whose
// client is gone, ends once the pipeline has given its messages back, which
// those that wait for compute are at once.
class InferStream final
    : public grpc::ServerBidiReactor<v1::InferRequest, v1::InferResponse> {
 public:
  // Both must outlive the stream.
  InferStream(InferPipeline* pipeline, OpenStreams* open_streams);

  // Answers what was read, then ends the stream.
  void Drain();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Message {
    v1::InferRequest request;
    v1::InferResponse response;
    bool answered = false;
  };

  void Infer(Message* message);
  void Answer(Message* message, const absl::Status& status);
  // Starts what may start now, a write and a read. Returns a status, once, when
  // the stream is over; the caller then releases the mutex and calls Finish.
  // Outside gRPC's reactions nothing else may follow the release: another
  // thread may find the stream over, and it is gone.
  std::optional<grpc::Status> Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartNextWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartNextRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsOver() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  InferPipeline* const pipeline_;
  OpenStreams* const open_streams_;
  std::atomic<bool> cancelled_ = false;

  base::Mutex mutex_;
  // Oldest first; the front one stays until it is written.
  std::deque<std::unique_ptr<Message>> in_flight_ ABSL_GUARDED_BY(mutex_);
  size_t num_unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Message> next_ ABSL_GUARDED_BY(mutex_);  // Being read.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::server
