#include "server/infer_task.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/wire/grpc_status.h"

namespace sluice::server {
namespace {

// OK as long as one tail has a result.
absl::Status StatusOfResults(const v1::InferResponse& response) {
  absl::Status first;
  for (const v1::Result& result : response.results()) {
    const absl::Status status = wire::StatusFromProto(result);
    if (status.ok()) return status;
    if (first.ok()) {
      first = absl::Status(
          status.code(),
          absl::StrCat("tail \"", result.tail(), "\": ", status.message()));
    }
  }
  return first;
}

}  // namespace

InferTask::InferTask(Call call, InferPlan plan, Reservation reservation,
                     base::TimePoint accepted, const base::Clock* clock)
    : call_(std::move(call)),
      plan_(std::move(plan)),
      reservation_(std::move(reservation)),
      accepted_(accepted),
      clock_(clock),
      decoded_(accepted),
      key_{.codec = plan_.codec, .entrance = plan_.entrance, .shape = {}} {}

absl::Status InferTask::Decode() {
  const base::TimePoint start = clock_->Now();
  SLUICE_ASSIGN_OR_RETURN(input_, DecodeInput(*call_.request, plan_));
  decoded_ = clock_->Now();
  key_.shape = input_.tensor.shape;
  v1::ServerTimings& timings = *call_.response->mutable_timings();
  timings.set_queue_us(MicrosBetween(accepted_, start));
  timings.set_entropy_decode_us(MicrosBetween(start, decoded_));
  return absl::OkStatus();
}

void InferTask::StartRunning(size_t batch_size) {
  call_.response->set_batch_size(static_cast<uint32_t>(batch_size));
  call_.response->mutable_timings()->set_batch_wait_us(
      MicrosBetween(decoded_, clock_->Now()));
}

void InferTask::Finish(absl::Status status) {
  const base::TimePoint now = clock_->Now();
  if (status.ok()) status = StatusOfResults(*call_.response);
  if (status.ok() && now >= deadline()) {
    status = absl::DeadlineExceededError(
        absl::StrCat("the answer came ", MicrosBetween(deadline(), now) / 1000,
                     " ms after the deadline"));
  }
  call_.response->mutable_timings()->set_total_us(
      MicrosBetween(accepted_, now));
  // First the slot, then the answer: who has the answer finds the slot free.
  reservation_.Release();
  call_.done(status);
}

void InferTask::FinishDropped() {
  const base::TimePoint now = clock_->Now();
  if (now < deadline()) {
    Finish(absl::CancelledError("the client cancelled the request"));
    return;
  }
  Finish(absl::DeadlineExceededError(
      absl::StrCat("the deadline passed before the answer was computed, after ",
                   MicrosBetween(accepted_, now) / 1000, " ms here")));
}

uint32_t MicrosBetween(base::TimePoint start, base::TimePoint end) {
  const int64_t micros =
      std::chrono::duration_cast<std::chrono::microseconds>(end - start)
          .count();
  return static_cast<uint32_t>(
      std::clamp<int64_t>(micros, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace sluice::server
