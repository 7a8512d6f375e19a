// The device's link to its servers: one ordered stream of requests and answers
// that outlives servers that restart, freeze or go away.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "device/backoff.h"
#include "device/connector.h"
#include "device/pending_requests.h"
#include "device/wakeup.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::device {

// Called on the link's thread, once per request that Send accepted, in that
// order. May not call into the link.
using OnAnswer =
    std::function<void(uint64_t sequence, absl::StatusOr<Answer> answer)>;

// One line for people per change of state. Called by Start, then on the link's
// thread.
using OnState = std::function<void(const std::string& line)>;

class ServerLink {
 public:
  // Connects to the first of the addresses whose server is there and serves
  // what is needed. Otherwise:
  //   InvalidArgument     an address that is none
  //   Unavailable         no server answers at one of the addresses, and none
  //                       at the others either or not the right one; a live
  //                       link then starts all the same and goes on trying
  //   NotFound            a tail that the server does not serve
  //   FailedPrecondition  another codec (the message has both ids), a tail that
  //                       was not made for this codec, or entropy coders that
  //                       disagree
  static absl::StatusOr<std::unique_ptr<ServerLink>> Start(LinkOptions options,
                                                           OnAnswer on_answer,
                                                           OnState on_state);
  // Without Finish(), what is unanswered is answered with Cancelled.
  ~ServerLink();
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  // Hands over one request, whose timeout_ms becomes the deadline; waits while
  // max_in_flight are unanswered. One caller at a time. An error means that the
  // request was not accepted:
  //   Unavailable         live: there is no server now, one is being looked
  //                       for. Lossless: none answered for give_up_after; final
  //   FailedPrecondition, NotFound
  //                       no server has what is needed any more; final
  //   Aborted             the codec has changed since the last call: encode it
  //                       again, and whatever else was encoded before
  //   Cancelled           after Finish()
  // What was accepted and not answered when the codec changed is answered with
  // Aborted, and no server's answer is. Lossless: while there is no server,
  // requests are kept; those that a server did not answer, or refused for the
  // moment, are sent again. Live: what was in flight when the link broke is
  // answered with Unavailable.
  absl::Status Send(v1::InferRequest request);

  // No more requests; returns when every one is answered. The final error when
  // the link gave up. From the thread that sends.
  absl::Status Finish();

 private:
  ServerLink(LinkOptions options, OnAnswer on_answer, OnState on_state);

  void Use(std::unique_ptr<Connection> connection);
  // What has not been answered has to be encoded again.
  void OnNewCodec(const std::string& line);

  // The link's thread. `status` is why there is no connection yet.
  void Run(absl::Status status);
  // Sends and receives until all is done: OK; or the connection is lost: why.
  absl::Status Converse();
  absl::Status HandleResponse(v1::InferResponse response);
  void SendMore();
  void WaitForChange();
  absl::Status CheckFrozen();
  void Deliver();  // What has been answered.
  // The connection is lost: what was in flight is failed or kept.
  void GoAway(const absl::Status& why);
  // Connects again, sooner or later. Cancelled when all is done, else the error
  // to give up with; `why` is what the connection was lost for.
  absl::Status Reconnect(absl::Status why);
  void FailPending(const absl::Status& error);
  void Close();  // Lets the server end the stream.
  bool IsDone();

  const LinkOptions options_;
  const OnAnswer on_answer_;
  const OnState on_state_;
  Wakeup wakeup_;  // Of the link's thread.

  // The link's thread alone, once it runs.
  Connector connector_;
  std::unique_ptr<Connection> connection_;  // Null: away.
  Backoff backoff_;
  base::TimePoint next_attempt_;
  // Since when there has been no answer because of the server.
  std::optional<base::TimePoint> trouble_since_;

  base::Mutex mutex_;
  base::CondVar send_may_go_on_;
  PendingRequests pending_ ABSL_GUARDED_BY(mutex_);
  size_t num_delivering_ ABSL_GUARDED_BY(mutex_) = 0;  // Answered just now.
  uint64_t max_message_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: unknown.
  bool is_connected_ ABSL_GUARDED_BY(mutex_) = false;
  // And Send() has not yet said so.
  bool is_codec_new_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status final_error_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace sluice::device
