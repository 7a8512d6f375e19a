#include "server/tail_runner.h"

#include <cstdint>
#include <future>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/float_tensor.h"
#include "common/base/status_macros.h"
#include "server/tail_task.h"

namespace sluice::server {
namespace {

using base::FloatTensor;
using Tasks = std::vector<std::unique_ptr<InferTask>>;

constexpr int kWarmUpSide = 224;  // Pixels, before padding.

FloatTensor ConcatenateInputs(const Tasks& tasks) {
  const FloatTensor& first = tasks.front()->input().tensor;
  FloatTensor all;
  all.shape = first.shape;
  all.shape.insert(all.shape.begin(), static_cast<int64_t>(tasks.size()));
  all.values.reserve(tasks.size() * first.values.size());
  for (const auto& task : tasks) {
    const std::vector<float>& values = task->input().tensor.values;
    all.values.insert(all.values.end(), values.begin(), values.end());
  }
  return all;
}

FloatTensor SelectSamples(const FloatTensor& all,
                          std::span<const size_t> samples) {
  FloatTensor selected;
  selected.shape = all.shape;
  selected.shape[0] = static_cast<int64_t>(samples.size());
  const size_t num_elements = all.values.size() / all.shape[0];
  selected.values.reserve(samples.size() * num_elements);
  for (const size_t sample : samples) {
    const auto begin = all.values.begin() + sample * num_elements;
    selected.values.insert(selected.values.end(), begin, begin + num_elements);
  }
  return selected;
}

absl::StatusOr<FloatTensor> ComputeFeatures(const Tasks& tasks) {
  const InferPlan& plan = tasks.front()->plan();
  const model::FeatureDecoder& decoder = *plan.codec->decoder;
  const FloatTensor inputs = ConcatenateInputs(tasks);
  absl::StatusOr<FloatTensor> features;
  if (plan.entrance == Entrance::kPixels) {
    features = decoder.Enter(inputs);
  } else {
    std::vector<int> rates;
    for (const auto& task : tasks) rates.push_back(task->input().rate);
    features = decoder.Decode(inputs, rates);
  }
  if (features.ok() &&
      (features->shape.empty() || features->shape[0] != inputs.shape[0])) {
    return absl::InternalError(
        absl::StrCat("codec \"", plan.codec->artifact.spec.name, "\" made ",
                     base::ShapeToString(features->shape), " of ",
                     base::ShapeToString(inputs.shape)));
  }
  return features;
}

absl::StatusOr<std::vector<model::NamedTensor>> RunTail(
    const LoadedTail& tail, const FloatTensor& features) {
  SLUICE_ASSIGN_OR_RETURN(std::vector<model::NamedTensor> outputs,
                          tail.network->Run(features));
  const absl::Status status = CheckTailOutputs(
      tail.task, features.shape[0],
      static_cast<int64_t>(tail.artifact.labels.size()), outputs);
  if (status.ok()) return outputs;
  return absl::Status(status.code(), absl::StrCat("tail \"", tail.name(), "\" ",
                                                  status.message()));
}

BatchOutput RunTails(const Tasks& tasks, const FloatTensor& features) {
  BatchOutput outputs;
  for (size_t i = 0; i < tasks.size(); ++i) {
    for (const LoadedTail* tail : tasks[i]->plan().tails) {
      outputs[tail].samples.push_back(i);
    }
  }
  for (auto& [tail, output] : outputs) {
    output.tensors =
        output.samples.size() == tasks.size()
            ? RunTail(*tail, features)
            : RunTail(*tail, SelectSamples(features, output.samples));
  }
  return outputs;
}

FloatTensor Zeros(std::vector<int64_t> shape) {
  FloatTensor zeros{.shape = std::move(shape), .values = {}};
  zeros.values.resize(base::NumElements(zeros.shape));
  return zeros;
}

absl::Status WarmUpTails(const ModelStore& store, const LoadedCodec& codec,
                         const FloatTensor& features) {
  for (const LoadedTail& tail : store.tails()) {
    if (!tail.Accepts(codec)) continue;
    SLUICE_RETURN_IF_ERROR(RunTail(tail, features).status());
  }
  return absl::OkStatus();
}

// The first pass of a network is slow, and a broken one had better fail now.
absl::Status WarmUp(const ModelStore& store) {
  for (const LoadedCodec& codec : store.codecs()) {
    const artifact::CodecSpec& spec = codec.artifact.spec;
    const int pad = spec.pad_multiple;
    const int side = (kWarmUpSide + pad - 1) / pad * pad;
    const int latent_side = artifact::LatentSide(spec, side);
    const int rate = spec.default_rate;
    SLUICE_ASSIGN_OR_RETURN(
        const FloatTensor decoded,
        codec.decoder->Decode(
            Zeros({1, spec.latent_channels, latent_side, latent_side}),
            std::span(&rate, 1)));
    SLUICE_RETURN_IF_ERROR(WarmUpTails(store, codec, decoded));
    SLUICE_ASSIGN_OR_RETURN(const FloatTensor entered,
                            codec.decoder->Enter(Zeros({1, 3, side, side})));
    SLUICE_RETURN_IF_ERROR(WarmUpTails(store, codec, entered));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TailRunner>> TailRunner::Start(
    const ModelStore* store, BatchScheduler<InferTask>* queue,
    ResultPool* result_pool, const base::Clock* clock,
    std::function<void()> on_thread_start) {
  std::unique_ptr<TailRunner> runner(new TailRunner(queue, result_pool, clock));
  std::promise<absl::Status> promise;
  std::future<absl::Status> warmed_up = promise.get_future();
  runner->thread_ =
      std::thread([store, runner = runner.get(), promise = std::move(promise),
                   on_thread_start = std::move(on_thread_start)]() mutable {
        on_thread_start();
        const absl::Status status = WarmUp(*store);
        promise.set_value(status);
        if (status.ok()) runner->RunUntilClosed();
      });
  SLUICE_RETURN_IF_ERROR(warmed_up.get());
  return runner;
}

void TailRunner::RunUntilClosed() {
  while (true) {
    Batch<InferTask> batch = queue_->TakeBatch();
    if (batch.tasks.empty() && batch.dropped.empty()) return;
    for (auto& task : batch.dropped) task->FinishDropped();
    if (!batch.tasks.empty()) RunBatch(std::move(batch.tasks));
  }
}

void TailRunner::RunBatch(Tasks tasks) {
  for (auto& task : tasks) task->StartRunning(tasks.size());
  const base::TimePoint start = clock_->Now();
  const absl::StatusOr<FloatTensor> features = ComputeFeatures(tasks);
  if (!features.ok()) {
    for (auto& task : tasks) task->Finish(features.status());
    return;
  }
  const base::TimePoint decoded = clock_->Now();
  const auto output =
      std::make_shared<const BatchOutput>(RunTails(tasks, *features));
  const base::TimePoint done = clock_->Now();
  for (size_t i = 0; i < tasks.size(); ++i) {
    v1::ServerTimings& timings = *tasks[i]->response().mutable_timings();
    timings.set_decoder_network_us(MicrosBetween(start, decoded));
    timings.set_tail_us(MicrosBetween(decoded, done));
    result_pool_->Add(
        {.task = std::move(tasks[i]), .output = output, .sample = i});
  }
}

}  // namespace sluice::server
