#include "device/pending_requests.h"

#include <algorithm>
#include <utility>

namespace sluice::device {

void PendingRequests::Add(v1::InferRequest request, base::TimePoint now) {
  auto pending = std::make_unique<Pending>();
  pending->sequence = request.sequence();
  pending->request =
      std::make_shared<const v1::InferRequest>(std::move(request));
  pending->added = now;
  pending->due = now;
  pending_.push_back(std::move(pending));
}

void PendingRequests::AddFailed(uint64_t sequence, const absl::Status& error) {
  auto pending = std::make_unique<Pending>();
  pending->sequence = sequence;
  pending->state = Pending::kAnswered;
  pending->answer = error;
  pending_.push_back(std::move(pending));
}

PendingRequests::Request PendingRequests::NextToSend(base::TimePoint now) {
  for (const std::unique_ptr<Pending>& pending : pending_) {
    if (pending->state != Pending::kWaiting || pending->due > now) continue;
    pending->state = Pending::kInFlight;
    pending->sent = now;
    ++pending->num_sendings;
    in_flight_.push_back(pending.get());
    return pending->request;
  }
  return nullptr;
}

base::TimePoint PendingRequests::NextDue() const {
  base::TimePoint due = base::TimePoint::max();
  for (const std::unique_ptr<Pending>& pending : pending_) {
    if (pending->state == Pending::kWaiting) due = std::min(due, pending->due);
  }
  return due;
}

base::TimePoint PendingRequests::OldestSent() const {
  return in_flight_.empty() ? base::TimePoint::max() : in_flight_.front()->sent;
}

const v1::InferRequest& PendingRequests::FirstInFlight() const {
  return *in_flight_.front()->request;
}

base::TimePoint PendingRequests::FirstAdded() const {
  return in_flight_.front()->added;
}

int PendingRequests::FirstSendings() const {
  return in_flight_.front()->num_sendings;
}

PendingRequests::Pending& PendingRequests::TakeFirstInFlight() {
  Pending& first = *in_flight_.front();
  in_flight_.pop_front();
  return first;
}

void PendingRequests::AnswerFirst(absl::StatusOr<v1::InferResponse> response,
                                  base::TimePoint now) {
  Pending& first = TakeFirstInFlight();
  first.state = Pending::kAnswered;
  if (!response.ok()) {
    first.answer = response.status();
    return;
  }
  const std::chrono::duration<double, std::milli> round_trip = now - first.sent;
  first.answer = Answer{*std::move(response), round_trip.count()};
}

void PendingRequests::SendFirstAgain(base::TimePoint due) {
  Pending& first = TakeFirstInFlight();
  first.state = Pending::kWaiting;
  first.due = due;
}

void PendingRequests::SendAllAgain() {
  for (Pending* pending : in_flight_) pending->state = Pending::kWaiting;
  in_flight_.clear();
}

void PendingRequests::FailAll(const absl::Status& error) {
  in_flight_.clear();
  for (const std::unique_ptr<Pending>& pending : pending_) {
    if (pending->state == Pending::kAnswered) continue;
    pending->state = Pending::kAnswered;
    pending->answer = error;
  }
}

std::vector<Delivery> PendingRequests::TakeAnswered() {
  std::vector<Delivery> answered;
  while (!pending_.empty() && pending_.front()->state == Pending::kAnswered) {
    Pending& front = *pending_.front();
    answered.push_back({front.sequence, std::move(front.answer)});
    pending_.pop_front();
  }
  return answered;
}

}  // namespace sluice::device
