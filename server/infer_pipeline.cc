#include "server/infer_pipeline.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "common/base/status_macros.h"

namespace sluice::server {
namespace {

base::TimePoint DeadlineOf(const InferTask::Call& call,
                           base::TimePoint arrival) {
  std::optional<std::chrono::milliseconds> timeout = call.default_timeout;
  if (call.request->timeout_ms() != 0) {
    timeout = std::chrono::milliseconds(call.request->timeout_ms());
  }
  return timeout ? std::min(call.deadline, arrival + *timeout) : call.deadline;
}

}  // namespace

InferPipeline::InferPipeline(const ModelStore* store,
                             const ServerLimits& limits,
                             const base::Clock* clock)
    : store_(store),
      limits_(limits),
      clock_(clock),
      admission_(limits),
      runner_queue_(limits.max_queued_tasks, limits.max_batch_size, clock) {}

absl::StatusOr<std::unique_ptr<InferPipeline>> InferPipeline::Start(
    const ModelStore* store, Options options, const base::Clock* clock) {
  std::unique_ptr<InferPipeline> pipeline(
      new InferPipeline(store, options.limits, clock));
  // Twice a batch: one to answer while the next one runs.
  pipeline->result_pool_ = std::make_unique<ResultPool>(
      options.num_decode_threads, 2 * options.limits.max_batch_size,
      options.limits.max_message_bytes, clock);
  SLUICE_ASSIGN_OR_RETURN(
      pipeline->runner_, TailRunner::Start(store, &pipeline->runner_queue_,
                                           pipeline->result_pool_.get(), clock,
                                           std::move(options.on_runner_start)));
  pipeline->decode_pool_ = std::make_unique<DecodePool>(
      options.num_decode_threads, options.limits.max_queued_tasks, clock,
      &pipeline->runner_queue_);
  return pipeline;
}

InferPipeline::~InferPipeline() {
  StopAccepting();
  decode_pool_.reset();  // Passes its last tasks on to the runner.
  runner_queue_.Close();
  runner_.reset();
  result_pool_.reset();
}

void InferPipeline::Infer(InferTask::Call call) {
  const absl::Status status = Accept(&call);
  if (!status.ok()) call.done(status);
}

absl::Status InferPipeline::Accept(InferTask::Call* call) {
  const base::TimePoint arrival = clock_->Now();
  SLUICE_ASSIGN_OR_RETURN(InferPlan plan,
                          MakeInferPlan(*call->request, *store_, limits_));
  SLUICE_ASSIGN_OR_RETURN(Reservation reservation,
                          admission_.Reserve(plan.memory_bytes));
  call->response->set_sequence(call->request->sequence());
  call->response->mutable_load()->set_queued_tasks(
      static_cast<uint32_t>(admission_.num_tasks()));
  call->response->mutable_load()->set_queue_capacity(
      static_cast<uint32_t>(limits_.max_queued_tasks));
  call->deadline = DeadlineOf(*call, arrival);
  auto task =
      std::make_unique<InferTask>(std::move(*call), std::move(plan),
                                  std::move(reservation), arrival, clock_);
  absl::Status status = decode_pool_->Schedule(&task);
  if (!status.ok()) task->Finish(std::move(status));
  return absl::OkStatus();
}

}  // namespace sluice::server
