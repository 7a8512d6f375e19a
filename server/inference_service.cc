#include "server/inference_service.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/codec/limits.h"
#include "common/vision/geometry.h"
#include "common/wire/grpc_status.h"
#include "server/codec_sender.h"
#include "server/infer_stream.h"

namespace sluice::server {
namespace {

// One Infer in progress; deletes itself when gRPC is done with it.
class InferCall final : public grpc::ServerUnaryReactor {
 public:
  explicit InferCall(grpc::CallbackServerContext* context)
      : context_(context) {}

  const std::atomic<bool>* cancelled() const { return &cancelled_; }

  void Answer(const absl::Status& status) {
    if (const std::optional<uint32_t> retry_after_ms =
            wire::RetryAfterMs(status)) {
      context_->AddTrailingMetadata(wire::kRetryAfterMsKey,
                                    absl::StrCat(*retry_after_ms));
    }
    Finish(wire::ToGrpcStatus(status));
  }

  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { delete this; }

 private:
  grpc::CallbackServerContext* const context_;
  std::atomic<bool> cancelled_ = false;
};

// The client's deadline on our clock.
base::TimePoint DeadlineOf(const grpc::CallbackServerContext& context,
                           base::TimePoint now) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return base::TimePoint::max();
  }
  return now + std::chrono::duration_cast<base::TimePoint::duration>(
                   deadline - std::chrono::system_clock::now());
}

void CodecsToProto(const ModelStore& store, v1::ListModelsResponse* response) {
  for (const LoadedCodec& codec : store.codecs()) {
    const artifact::CodecSpec& spec = codec.artifact.spec;
    v1::CodecInfo* info = response->add_codecs();
    info->set_name(spec.name);
    info->set_id(codec.artifact.id);
    info->set_family(spec.family);
    info->set_num_rates(static_cast<uint32_t>(spec.num_rates));
    info->set_default_rate(static_cast<uint32_t>(spec.default_rate));
    const codec::KnownAnswer& known = codec.known_answer;
    info->set_known_frame(known.frame.data(), known.frame.size());
    info->set_known_symbols_crc32c(known.symbols_crc32c);
    uint64_t device_half_bytes = 0;
    for (const artifact::CodecFile& file : codec.device_half) {
      device_half_bytes += file.bytes.size();
    }
    info->set_device_half_bytes(device_half_bytes);
  }
}

void TailsToProto(const ModelStore& store, v1::ListModelsResponse* response) {
  for (const LoadedTail& tail : store.tails()) {
    const artifact::TailSpec& spec = tail.artifact.spec;
    v1::TailInfo* info = response->add_tails();
    info->set_name(spec.name);
    info->set_task(spec.task);
    info->mutable_codec_ids()->Add(spec.codec_ids.begin(),
                                   spec.codec_ids.end());
    info->mutable_labels()->Add(tail.artifact.labels.begin(),
                                tail.artifact.labels.end());
    info->set_is_default(&tail == &store.default_tail());
  }
}

void LimitsToProto(const ServerLimits& limits, v1::Limits* proto) {
  proto->set_max_message_bytes(limits.max_message_bytes);
  proto->set_max_latent_elements(codec::kMaxLatentElements);
  proto->set_max_queued_tasks(static_cast<uint32_t>(limits.max_queued_tasks));
  proto->set_max_queued_bytes(limits.max_queued_bytes);
  proto->set_max_in_flight_per_stream(
      static_cast<uint32_t>(limits.max_in_flight_per_stream));
  proto->set_default_timeout_ms(
      static_cast<uint32_t>(limits.default_timeout.count()));
  proto->set_max_picture_side(vision::kMaxPictureSide);
  proto->set_max_batch_size(static_cast<uint32_t>(limits.max_batch_size));
}

}  // namespace

grpc::ServerUnaryReactor* InferenceService::Infer(
    grpc::CallbackServerContext* context, const v1::InferRequest* request,
    v1::InferResponse* response) {
  auto* call = new InferCall(context);
  pipeline_->Infer(
      {.request = request,
       .response = response,
       .cancelled = call->cancelled(),
       .deadline = DeadlineOf(*context, pipeline_->Now()),
       .default_timeout = pipeline_->limits().default_timeout,
       .done = [call](const absl::Status& status) { call->Answer(status); }});
  return call;
}

grpc::ServerUnaryReactor* InferenceService::ListModels(
    grpc::CallbackServerContext* context, const v1::ListModelsRequest*,
    v1::ListModelsResponse* response) {
  CodecsToProto(pipeline_->store(), response);
  TailsToProto(pipeline_->store(), response);
  LimitsToProto(pipeline_->limits(), response->mutable_limits());
  response->set_server_version(version_);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerBidiReactor<v1::InferRequest, v1::InferResponse>*
InferenceService::InferStream(grpc::CallbackServerContext*) {
  return new server::InferStream(pipeline_, &streams_);
}

grpc::ServerWriteReactor<v1::CodecChunk>* InferenceService::FetchCodec(
    grpc::CallbackServerContext*, const v1::FetchCodecRequest* request) {
  return new CodecSender(pipeline_->store(), request->codec_id());
}

}  // namespace sluice::server
