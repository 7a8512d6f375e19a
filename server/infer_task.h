// One accepted request on its way from the queue to its answer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "server/admission.h"
#include "server/infer_plan.h"
#include "server/input_decoder.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

// Owned by one stage at a time, which is the only one to touch it. Whoever owns
// it calls Finish exactly once, then destroys it.
class InferTask {
 public:
  // Who shares a batch.
  struct Key {
    const LoadedCodec* codec = nullptr;
    Entrance entrance = Entrance::kLatent;
    std::vector<int64_t> shape;  // Of the decoded input; empty before.
    bool operator==(const Key&) const = default;
  };

  // What the caller of the service owns, alive until `done` is called.
  struct Call {
    const v1::InferRequest* request = nullptr;
    v1::InferResponse* response = nullptr;
    const std::atomic<bool>* cancelled = nullptr;
    base::TimePoint deadline;
    // When the request has no timeout of its own; none: it may take forever.
    std::optional<std::chrono::milliseconds> default_timeout;
    std::function<void(const absl::Status&)> done;
  };

  // `clock` must outlive the task.
  InferTask(Call call, InferPlan plan, Reservation reservation,
            base::TimePoint accepted, const base::Clock* clock);

  const InferPlan& plan() const { return plan_; }
  const v1::InferRequest& request() const { return *call_.request; }
  v1::InferResponse& response() { return *call_.response; }
  const DecodedInput& input() const { return input_; }

  // What BatchScheduler asks.
  const Key& key() const { return key_; }
  base::TimePoint deadline() const { return call_.deadline; }
  bool cancelled() const { return *call_.cancelled; }

  // DecodeInput, with its time; sets input() and the key's shape.
  absl::Status Decode();
  // The time since decoding was waiting.
  void StartRunning(size_t batch_size);

  // Releases the reservation and answers. When every tail of an OK response has
  // failed, the first failure is the answer; when it comes too late,
  // DeadlineExceeded.
  void Finish(absl::Status status);
  // Finish for a task that nobody waits for any more, before it is computed
  // whole.
  void FinishDropped();

 private:
  Call call_;
  InferPlan plan_;
  Reservation reservation_;
  const base::TimePoint accepted_;
  const base::Clock* const clock_;
  base::TimePoint decoded_;
  Key key_;
  DecodedInput input_;
};

// Whole microseconds, as ServerTimings counts them; 0 when negative.
uint32_t MicrosBetween(base::TimePoint start, base::TimePoint end);

}  // namespace sluice::server
