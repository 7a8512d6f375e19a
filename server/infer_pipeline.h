// A request's whole way through the server, without gRPC.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "server/admission.h"
#include "server/batch_scheduler.h"
#include "server/decode_pool.h"
#include "server/infer_task.h"
#include "server/limits.h"
#include "server/model_store.h"
#include "server/result_pool.h"
#include "server/tail_runner.h"

namespace sluice::server {

// plan -> reserve -> decode (pool) -> batch -> features and tails (runner) ->
// results and answer (pool). All methods are safe to call from several threads.
class InferPipeline {
 public:
  struct Options {
    ServerLimits limits;
    int num_decode_threads = 2;  // And as many that make results.
    // Called once on the runner's thread, before any network runs.
    std::function<void()> on_runner_start = [] {};
  };

  // `store` and `clock` must outlive the pipeline. Errors are
  // TailRunner::Start's.
  static absl::StatusOr<std::unique_ptr<InferPipeline>> Start(
      const ModelStore* store, Options options, const base::Clock* clock);
  // Answers what was accepted.
  ~InferPipeline();
  InferPipeline(const InferPipeline&) = delete;
  InferPipeline& operator=(const InferPipeline&) = delete;

  // Never blocks on decoding or compute. Calls call.done exactly once, perhaps
  // before it returns; then call.response is complete if the status is OK.
  // call.deadline is the caller's own (TimePoint::max() for none), the
  // request's timeout_ms or call.default_timeout may be earlier.
  void Infer(InferTask::Call call);

  // Infer answers Unavailable from now on.
  void StopAccepting() { admission_.Close(); }
  // Returns once everything accepted is answered or about to be.
  void WaitUntilIdle() { admission_.WaitUntilIdle(); }

  // Accepted and not yet answered.
  size_t num_tasks() const { return admission_.num_tasks(); }
  const ModelStore& store() const { return *store_; }
  const ServerLimits& limits() const { return limits_; }
  base::TimePoint Now() const { return clock_->Now(); }

 private:
  InferPipeline(const ModelStore* store, const ServerLimits& limits,
                const base::Clock* clock);

  // Takes *call iff it returns OK.
  absl::Status Accept(InferTask::Call* call);

  const ModelStore* const store_;
  const ServerLimits limits_;
  const base::Clock* const clock_;
  Admission admission_;
  BatchScheduler<InferTask> runner_queue_;
  std::unique_ptr<ResultPool> result_pool_;
  std::unique_ptr<TailRunner> runner_;
  std::unique_ptr<DecodePool> decode_pool_;
};

}  // namespace sluice::server
