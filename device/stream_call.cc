#include "device/stream_call.h"

#include <utility>

namespace sluice::device {

StreamCall::StreamCall(v1::Inference::Stub* stub,
                       std::function<void()> on_change)
    : on_change_(std::move(on_change)) {
  stub->async()->InferStream(&context_, this);
  // Reads and writes are started outside of gRPC's callbacks.
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

StreamCall::~StreamCall() {
  {
    base::MutexLock lock(mutex_);
    is_cancelled_ = true;
  }
  context_.TryCancel();
  base::MutexLock lock(mutex_);
  // With a message left to take no read is under way that could fail.
  if (is_open_ && has_incoming_) {
    is_open_ = false;
    RemoveHold();
  }
  while (!end_) done_.Wait(mutex_);
}

bool StreamCall::CanWrite() {
  base::MutexLock lock(mutex_);
  return is_open_ && outgoing_ == nullptr;
}

void StreamCall::Write(std::shared_ptr<const v1::InferRequest> request) {
  base::MutexLock lock(mutex_);
  if (!is_open_) return;
  outgoing_ = std::move(request);
  StartWrite(outgoing_.get());
}

void StreamCall::CloseWrites() {
  base::MutexLock lock(mutex_);
  if (is_open_) StartWritesDone();
}

std::optional<v1::InferResponse> StreamCall::TakeResponse() {
  base::MutexLock lock(mutex_);
  if (!has_incoming_) return std::nullopt;
  v1::InferResponse response = std::move(incoming_);
  incoming_.Clear();
  has_incoming_ = false;
  if (is_open_) StartRead(&incoming_);
  return response;
}

std::optional<grpc::Status> StreamCall::End() {
  base::MutexLock lock(mutex_);
  return has_incoming_ ? std::nullopt : end_;
}

void StreamCall::OnReadDone(bool ok) {
  {
    base::MutexLock lock(mutex_);
    has_incoming_ = ok && !is_cancelled_;
    if (is_open_ && !has_incoming_) {
      is_open_ = false;
      RemoveHold();
    }
  }
  on_change_();
}

void StreamCall::OnWriteDone(bool) {
  {
    base::MutexLock lock(mutex_);
    outgoing_.reset();
  }
  on_change_();
}

void StreamCall::OnDone(const grpc::Status& status) {
  // Once the lock is gone, so may be this object.
  base::MutexLock lock(mutex_);
  end_ = status;
  on_change_();
  done_.NotifyAll();
}

}  // namespace sluice::device
