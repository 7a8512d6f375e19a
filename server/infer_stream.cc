#include "server/infer_stream.h"

#include <optional>
#include <utility>

#include "common/wire/grpc_status.h"

namespace sluice::server {

void OpenStreams::Drain() {
  base::MutexLock lock(mutex_);
  draining_ = true;
  for (InferStream* stream : streams_) stream->Drain();
}

bool OpenStreams::WaitUntilNone(base::TimePoint deadline) {
  base::MutexLock lock(mutex_);
  while (!streams_.empty()) {
    if (removed_.WaitUntil(mutex_, deadline)) return streams_.empty();
  }
  return true;
}

void OpenStreams::Add(InferStream* stream) {
  base::MutexLock lock(mutex_);
  streams_.insert(stream);
  if (draining_) stream->Drain();
}

void OpenStreams::Remove(InferStream* stream) {
  base::MutexLock lock(mutex_);
  streams_.erase(stream);
  removed_.NotifyAll();
}

InferStream::InferStream(InferPipeline* pipeline, OpenStreams* open_streams)
    : pipeline_(pipeline), open_streams_(open_streams) {
  open_streams_->Add(this);
  base::MutexLock lock(mutex_);
  StartNextRead();
}

void InferStream::Drain() {
  std::optional<grpc::Status> end;
  {
    base::MutexLock lock(mutex_);
    draining_ = true;
    end = Advance();
  }
  if (end) Finish(*end);
}

void InferStream::OnReadDone(bool ok) {
  Message* message = nullptr;
  {
    base::MutexLock lock(mutex_);
    std::unique_ptr<Message> read = std::move(next_);
    if (!ok) half_closed_ = true;
    if (ok && !finished_) {
      message = read.get();
      in_flight_.push_back(std::move(read));
      ++num_unanswered_;
    }
  }
  if (message != nullptr) Infer(message);
  std::optional<grpc::Status> end;
  {
    base::MutexLock lock(mutex_);
    end = Advance();
  }
  if (end) Finish(*end);
}

void InferStream::Infer(Message* message) {
  message->response.set_sequence(message->request.sequence());
  pipeline_->Infer({.request = &message->request,
                    .response = &message->response,
                    .cancelled = &cancelled_,
                    .deadline = base::TimePoint::max(),
                    .default_timeout = std::nullopt,
                    .done = [this, message](const absl::Status& status) {
                      Answer(message, status);
                    }});
}

void InferStream::Answer(Message* message, const absl::Status& status) {
  if (!status.ok()) message->response.clear_results();
  wire::StatusToProto(status, &message->response);
  // It may wait for older ones, and need not hold the frame meanwhile.
  message->request = v1::InferRequest();
  std::optional<grpc::Status> end;
  {
    base::MutexLock lock(mutex_);
    message->answered = true;
    --num_unanswered_;
    end = Advance();
  }
  if (end) Finish(*end);
}

void InferStream::OnWriteDone(bool ok) {
  if (!ok) cancelled_ = true;
  std::optional<grpc::Status> end;
  {
    base::MutexLock lock(mutex_);
    writing_ = false;
    in_flight_.pop_front();
    end = Advance();
  }
  if (end) Finish(*end);
}

void InferStream::OnCancel() {
  cancelled_ = true;
  std::optional<grpc::Status> end;
  {
    base::MutexLock lock(mutex_);
    end = Advance();
  }
  if (end) Finish(*end);
}

void InferStream::OnDone() {
  open_streams_->Remove(this);
  delete this;
}

std::optional<grpc::Status> InferStream::Advance() {
  if (finished_) return std::nullopt;
  StartNextWrite();
  StartNextRead();
  if (!IsOver()) return std::nullopt;
  finished_ = true;
  if (!draining_) return grpc::Status::OK;
  return wire::ToGrpcStatus(absl::UnavailableError("the server is draining"));
}

void InferStream::StartNextWrite() {
  if (writing_ || cancelled_ || in_flight_.empty()) return;
  if (!in_flight_.front()->answered) return;
  writing_ = true;
  StartWrite(&in_flight_.front()->response);
}

void InferStream::StartNextRead() {
  if (next_ != nullptr || half_closed_ || draining_ || cancelled_) return;
  if (in_flight_.size() >= pipeline_->limits().max_in_flight_per_stream) return;
  next_ = std::make_unique<Message>();
  StartRead(&next_->request);
}

bool InferStream::IsOver() const {
  if (writing_ || num_unanswered_ > 0) return false;
  if (cancelled_) return true;
  return in_flight_.empty() && (half_closed_ || draining_);
}

}  // namespace sluice::server
