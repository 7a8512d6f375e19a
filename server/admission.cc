#include "server/admission.h"

#include "absl/strings/str_cat.h"
#include "common/wire/grpc_status.h"

namespace sluice::server {

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    Release();
    admission_ = std::exchange(other.admission_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void Reservation::Release() {
  if (admission_ != nullptr) admission_->Release(bytes_);
  admission_ = nullptr;
}

absl::StatusOr<Reservation> Admission::Reserve(size_t bytes) {
  const auto retry_after_ms =
      static_cast<uint32_t>(limits_.retry_after.count());
  base::MutexLock lock(mutex_);
  if (closed_) return absl::UnavailableError("the server is draining");
  if (bytes > limits_.max_queued_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the request needs ", bytes, " bytes of memory, limit ",
                     limits_.max_queued_bytes));
  }
  if (num_tasks_ >= limits_.max_queued_tasks) {
    return wire::WithRetryAfter(
        absl::ResourceExhaustedError(absl::StrCat(
            "the server is full: ", num_tasks_, " requests are in progress")),
        retry_after_ms);
  }
  if (bytes > limits_.max_queued_bytes - num_bytes_) {
    return wire::WithRetryAfter(
        absl::ResourceExhaustedError(
            absl::StrCat("the server is full: requests in progress hold ",
                         num_bytes_, " of ", limits_.max_queued_bytes,
                         " bytes, this one needs ", bytes)),
        retry_after_ms);
  }
  ++num_tasks_;
  num_bytes_ += bytes;
  return Reservation(this, bytes);
}

void Admission::Close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
}

void Admission::WaitUntilIdle() {
  base::MutexLock lock(mutex_);
  while (num_tasks_ > 0) idle_.Wait(mutex_);
}

size_t Admission::num_tasks() const {
  base::MutexLock lock(mutex_);
  return num_tasks_;
}

void Admission::Release(size_t bytes) {
  base::MutexLock lock(mutex_);
  --num_tasks_;
  num_bytes_ -= bytes;
  if (num_tasks_ == 0) idle_.NotifyAll();
}

}  // namespace sluice::server
