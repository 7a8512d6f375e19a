#include "device/server_link.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/grpc_status.h"

namespace sluice::device {
namespace {

using std::chrono::steady_clock;

// Beyond its deadline a request is answered with an error, unless the server
// does not answer at all.
constexpr std::chrono::milliseconds kFrozenAfter{1000};
// For the server to end a stream that asks for nothing more.
constexpr std::chrono::milliseconds kCloseTimeout{1000};
// No wait is longer, whatever happens.
constexpr std::chrono::seconds kLongestWait{60};

absl::Status WhyEnded(const grpc::Status& end) {
  if (end.ok()) return absl::UnavailableError("the server ended the stream");
  return wire::FromGrpcStatus(end);
}

// The error as the run reports it.
absl::Status ToReport(const absl::Status& status,
                      std::chrono::milliseconds deadline) {
  if (absl::IsAborted(status)) return absl::UnknownError(status.message());
  if (!absl::IsDeadlineExceeded(status)) return status;
  return absl::DeadlineExceededError(
      absl::StrCat("no answer within ", deadline.count(),
                   " ms (--deadline): ", status.message()));
}

}  // namespace

ServerLink::ServerLink(LinkOptions options, OnAnswer on_answer,
                       OnState on_state)
    : options_(std::move(options)),
      on_answer_(std::move(on_answer)),
      on_state_(std::move(on_state)),
      connector_(
          options_, [this] { wakeup_.Notify(); },
          [this](const std::string& line) { OnNewCodec(line); }),
      backoff_(std::random_device{}()) {}

absl::StatusOr<std::unique_ptr<ServerLink>> ServerLink::Start(
    LinkOptions options, OnAnswer on_answer, OnState on_state) {
  if (options.addresses.empty()) {
    return absl::InvalidArgumentError("expected a server's address: --server");
  }
  for (const std::string& address : options.addresses) {
    if (const absl::Status status = CheckAddress(address); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--server: ", status.message()));
    }
  }
  std::unique_ptr<ServerLink> link(new ServerLink(
      std::move(options), std::move(on_answer), std::move(on_state)));
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      link->connector_.Connect();
  const absl::Status status = connection.status();
  if (status.ok()) {
    link->Use(*std::move(connection));
  } else if (absl::IsUnavailable(status) && !link->options_.lossless) {
    link->on_state_(absl::StrCat(status.message(), "; trying again"));
    link->trouble_since_ = steady_clock::now();
    link->next_attempt_ = *link->trouble_since_ + link->backoff_.Next();
  } else {
    return status;
  }
  link->thread_ = std::thread([raw = link.get(), status] { raw->Run(status); });
  return link;
}

ServerLink::~ServerLink() {
  {
    base::MutexLock lock(mutex_);
    is_cancelled_ = true;
  }
  wakeup_.Notify();
  if (thread_.joinable()) thread_.join();
}

absl::Status ServerLink::Send(v1::InferRequest request) {
  request.set_timeout_ms(static_cast<uint32_t>(options_.deadline.count()));
  {
    base::MutexLock lock(mutex_);
    for (;;) {
      if (!final_error_.ok()) return final_error_;
      if (std::exchange(is_codec_new_, false)) {
        return absl::AbortedError("the codec has changed");
      }
      if (is_finishing_) return absl::CancelledError("the link is finished");
      if (!options_.lossless && !is_connected_) {
        return absl::UnavailableError("there is no server at the moment");
      }
      if (pending_.size() + num_delivering_ <
          static_cast<size_t>(options_.max_in_flight)) {
        break;
      }
      send_may_go_on_.Wait(mutex_);
    }
    const uint64_t bytes = request.ByteSizeLong();
    if (max_message_bytes_ != 0 && bytes > max_message_bytes_) {
      // Sent, it would end the stream and not be answered.
      pending_.AddFailed(
          request.sequence(),
          absl::ResourceExhaustedError(absl::StrCat("the request has ", bytes,
                                                    " bytes, the server "
                                                    "takes at most ",
                                                    max_message_bytes_)));
    } else {
      pending_.Add(std::move(request), steady_clock::now());
    }
  }
  wakeup_.Notify();
  return absl::OkStatus();
}

absl::Status ServerLink::Finish() {
  {
    base::MutexLock lock(mutex_);
    is_finishing_ = true;
  }
  wakeup_.Notify();
  if (thread_.joinable()) thread_.join();
  base::MutexLock lock(mutex_);
  return final_error_;
}

void ServerLink::Use(std::unique_ptr<Connection> connection) {
  connection_ = std::move(connection);
  {
    base::MutexLock lock(mutex_);
    is_connected_ = true;
    max_message_bytes_ = connection_->max_message_bytes;
  }
  on_state_(absl::StrCat("connected to ", connector_.address(),
                         ", sluice-server ", connection_->server_version));
}

void ServerLink::OnNewCodec(const std::string& line) {
  on_state_(line);
  {
    base::MutexLock lock(mutex_);
    is_codec_new_ = true;
    pending_.FailAll(absl::AbortedError(line));
    send_may_go_on_.NotifyAll();
  }
  Deliver();
}

void ServerLink::Run(absl::Status status) {
  if (!status.ok()) status = Reconnect(std::move(status));
  while (status.ok()) {
    status = Converse();
    if (status.ok()) break;
    GoAway(status);
    status = Reconnect(std::move(status));
  }
  {
    base::MutexLock lock(mutex_);  // Nothing may be added in between.
    is_connected_ = false;
    if (!absl::IsCancelled(status)) final_error_ = status;
    pending_.FailAll(status.ok() ? absl::CancelledError("the link was closed")
                                 : status);
    send_may_go_on_.NotifyAll();
  }
  Deliver();
  if (connection_ != nullptr) Close();
}

absl::Status ServerLink::Converse() {
  for (;;) {
    while (std::optional<v1::InferResponse> response =
               connection_->call->TakeResponse()) {
      SLUICE_RETURN_IF_ERROR(HandleResponse(*std::move(response)));
    }
    Deliver();
    if (IsDone()) return absl::OkStatus();
    if (const std::optional<grpc::Status> end = connection_->call->End()) {
      return WhyEnded(*end);
    }
    SLUICE_RETURN_IF_ERROR(CheckFrozen());
    SendMore();
    WaitForChange();
  }
}

absl::Status ServerLink::HandleResponse(v1::InferResponse response) {
  const base::TimePoint now = steady_clock::now();
  base::MutexLock lock(mutex_);
  if (pending_.num_in_flight() == 0) {
    return absl::InternalError("the server answers what was not asked");
  }
  const uint64_t expected = pending_.FirstInFlight().sequence();
  if (response.sequence() != expected) {
    return absl::InternalError(absl::StrCat("expected the answer to request ",
                                            expected, ", found ",
                                            response.sequence()));
  }
  const absl::Status status = wire::StatusFromProto(response);
  if (absl::IsFailedPrecondition(status) && pending_.FirstSendings() == 1) {
    return status;  // The next handshake tells whether there is another codec.
  }
  if (absl::IsUnavailable(status)) {
    connection_->is_draining = true;
  } else {
    trouble_since_.reset();
    backoff_.Reset();
  }
  if (status.ok()) connector_.AllowNewCodec();
  if (options_.lossless &&
      now < pending_.FirstAdded() + options_.give_up_after) {
    const std::optional<uint32_t> retry_after = wire::RetryAfterMs(status);
    if (absl::IsUnavailable(status) ||
        (absl::IsResourceExhausted(status) && retry_after)) {
      pending_.SendFirstAgain(
          now + std::chrono::milliseconds(retry_after.value_or(0)));
      return absl::OkStatus();
    }
  }
  if (status.ok()) {
    pending_.AnswerFirst(std::move(response), now);
  } else {
    pending_.AnswerFirst(ToReport(status, options_.deadline), now);
  }
  return absl::OkStatus();
}

void ServerLink::SendMore() {
  if (connection_->is_draining || !connection_->call->CanWrite()) return;
  base::MutexLock lock(mutex_);
  if (pending_.num_in_flight() >= connection_->max_in_flight) return;
  if (auto request = pending_.NextToSend(steady_clock::now())) {
    connection_->call->Write(std::move(request));
  }
}

void ServerLink::WaitForChange() {
  const base::TimePoint now = steady_clock::now();
  base::TimePoint until = now + kLongestWait;
  {
    base::MutexLock lock(mutex_);
    if (pending_.num_in_flight() > 0) {
      until = std::min(
          until, pending_.OldestSent() + options_.deadline + kFrozenAfter);
    }
    if (pending_.NextDue() > now) until = std::min(until, pending_.NextDue());
  }
  wakeup_.WaitUntil(until);
}

absl::Status ServerLink::CheckFrozen() {
  base::MutexLock lock(mutex_);
  if (pending_.num_in_flight() == 0) {
    return connection_->is_draining
               ? absl::UnavailableError("the server is shutting down")
               : absl::OkStatus();
  }
  const std::chrono::milliseconds limit = options_.deadline + kFrozenAfter;
  if (steady_clock::now() < pending_.OldestSent() + limit) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("it has not answered for ", limit.count(), " ms"));
}

void ServerLink::Deliver() {
  std::vector<Delivery> answered;
  {
    base::MutexLock lock(mutex_);
    answered = pending_.TakeAnswered();
    num_delivering_ = answered.size();
  }
  for (Delivery& delivery : answered) {
    on_answer_(delivery.sequence, std::move(delivery.answer));
    base::MutexLock lock(mutex_);
    --num_delivering_;
    send_may_go_on_.NotifyAll();
  }
}

void ServerLink::GoAway(const absl::Status& why) {
  connection_.reset();
  const std::string line =
      absl::StrCat("lost ", connector_.address(), ": ", why.message());
  {
    base::MutexLock lock(mutex_);
    is_connected_ = false;
    pending_.SendAllAgain();
    send_may_go_on_.NotifyAll();
  }
  on_state_(line + "; trying again");
  // A request that was refused for its codec waits for the next handshake.
  if (!options_.lossless && !absl::IsFailedPrecondition(why)) {
    FailPending(absl::UnavailableError(line));
  }
  Deliver();
  const base::TimePoint now = steady_clock::now();
  const bool has_another = !trouble_since_ && options_.addresses.size() > 1;
  next_attempt_ =
      now + (has_another ? std::chrono::milliseconds(0) : backoff_.Next());
  if (!trouble_since_) trouble_since_ = now;
}

absl::Status ServerLink::Reconnect(absl::Status why) {
  for (;;) {
    while (!IsDone() && steady_clock::now() < next_attempt_) {
      wakeup_.WaitUntil(next_attempt_);
    }
    if (IsDone()) return absl::CancelledError("the link was closed");
    const base::TimePoint end = *trouble_since_ + options_.give_up_after;
    if (options_.lossless && steady_clock::now() >= end) {
      return absl::UnavailableError(absl::StrCat(
          "no server has answered for ", options_.give_up_after.count(),
          " ms (--give-up-after): ", why.message()));
    }
    absl::StatusOr<std::unique_ptr<Connection>> connection =
        connector_.Connect();
    if (connection.ok()) {
      Use(*std::move(connection));
      return absl::OkStatus();
    }
    why = connection.status();
    if (!absl::IsUnavailable(why)) return why;
    if (!options_.lossless) {
      FailPending(why);
      Deliver();
    }
    next_attempt_ = steady_clock::now() + backoff_.Next();
    if (options_.lossless) next_attempt_ = std::min(next_attempt_, end);
  }
}

void ServerLink::FailPending(const absl::Status& error) {
  base::MutexLock lock(mutex_);
  pending_.FailAll(error);
}

void ServerLink::Close() {
  const base::TimePoint end = steady_clock::now() + kCloseTimeout;
  StreamCall& call = *connection_->call;
  while (!call.CanWrite() && !call.End() && steady_clock::now() < end) {
    wakeup_.WaitUntil(end);
  }
  if (call.CanWrite()) call.CloseWrites();
  while (!call.End() && steady_clock::now() < end) wakeup_.WaitUntil(end);
  connection_.reset();
}

bool ServerLink::IsDone() {
  base::MutexLock lock(mutex_);
  return is_cancelled_ || (is_finishing_ && pending_.empty());
}

}  // namespace sluice::device
