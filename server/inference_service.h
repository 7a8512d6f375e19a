// The gRPC face of the pipeline: sluice.v1.Inference by the callback API.
#pragma once

#include <string>
#include <utility>

#include "server/infer_pipeline.h"
#include "server/infer_stream.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::server {

// A failed Infer is a gRPC status (DESIGN section 7's codes), with
// "retry-after-ms" as trailing metadata where trying again makes sense; in a
// stream both travel in the message.
class InferenceService final : public v1::Inference::CallbackService {
 public:
  // `pipeline` must outlive the service and every call to it.
  InferenceService(InferPipeline* pipeline, std::string version)
      : pipeline_(pipeline), version_(std::move(version)) {}

  grpc::ServerUnaryReactor* Infer(grpc::CallbackServerContext* context,
                                  const v1::InferRequest* request,
                                  v1::InferResponse* response) override;
  grpc::ServerUnaryReactor* ListModels(
      grpc::CallbackServerContext* context,
      const v1::ListModelsRequest* request,
      v1::ListModelsResponse* response) override;
  grpc::ServerBidiReactor<v1::InferRequest, v1::InferResponse>* InferStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<v1::CodecChunk>* FetchCodec(
      grpc::CallbackServerContext* context,
      const v1::FetchCodecRequest* request) override;

  OpenStreams& streams() { return streams_; }

 private:
  InferPipeline* const pipeline_;
  const std::string version_;
  OpenStreams streams_;
};

}  // namespace sluice::server
