// The requests that a link has accepted and not yet reported on, in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::device {

// An answer and the time of the attempt that brought it.
struct Answer {
  v1::InferResponse response;
  double round_trip_ms = 0;
};

// A request's end, to be told to whom it concerns.
struct Delivery {
  uint64_t sequence = 0;
  absl::StatusOr<Answer> answer;
};

// Not thread-safe.
class PendingRequests {
 public:
  using Request = std::shared_ptr<const v1::InferRequest>;

  bool empty() const { return pending_.empty(); }
  size_t size() const { return pending_.size(); }
  size_t num_in_flight() const { return in_flight_.size(); }

  void Add(v1::InferRequest request, base::TimePoint now);
  // A request that is never sent: it has its error already.
  void AddFailed(uint64_t sequence, const absl::Status& error);

  // The first request to send at `now`, which counts as sent from then on;
  // null: none.
  Request NextToSend(base::TimePoint now);
  // When a request will be due that is to be sent later; max(): none.
  base::TimePoint NextDue() const;
  // When the request was sent that has been in flight longest; max(): none.
  base::TimePoint OldestSent() const;

  // The request that the server has to answer next, and what is known of it.
  // REQUIRES: num_in_flight() > 0.
  const v1::InferRequest& FirstInFlight() const;
  base::TimePoint FirstAdded() const;
  int FirstSendings() const;

  // Takes the first out of flight: with its answer, or to send it again when
  // `due` comes.
  void AnswerFirst(absl::StatusOr<v1::InferResponse> response,
                   base::TimePoint now);
  void SendFirstAgain(base::TimePoint due);
  // Nothing that is in flight will be answered: all of it is to be sent again.
  void SendAllAgain();
  // Whatever has no answer gets this one.
  void FailAll(const absl::Status& error);

  // Takes the requests at the front that have an answer.
  std::vector<Delivery> TakeAnswered();

 private:
  struct Pending {
    uint64_t sequence = 0;
    Request request;
    base::TimePoint added;
    base::TimePoint due;   // Not to be sent before.
    base::TimePoint sent;  // Of the last attempt.
    int num_sendings = 0;
    enum { kWaiting, kInFlight, kAnswered } state = kWaiting;
    absl::StatusOr<Answer> answer;  // Once kAnswered.
  };

  Pending& TakeFirstInFlight();

  std::deque<std::unique_ptr<Pending>> pending_;  // In the order of Add().
  std::deque<Pending*> in_flight_;                // In the order of sending.
};

}  // namespace sluice::device
