// One FetchCodec in progress: the device half of a codec, chunk by chunk.
#pragma once

#include <cstddef>
#include <string>

#include "grpcpp/support/server_callback.h"
#include "server/model_store.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

// The next chunk is made when gRPC has taken the last, so that a slow device
// costs one chunk of memory. Owns itself until gRPC is done with it.
class CodecSender final : public grpc::ServerWriteReactor<v1::CodecChunk> {
 public:
  // NotFound, with what is loaded, when there is no such codec or the server
  // has not its device half. `store` must outlive the call.
  CodecSender(const ModelStore& store, const std::string& codec_id);

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void SendNext();

  const LoadedCodec* const codec_;
  size_t file_ = 0;
  size_t offset_ = 0;
  v1::CodecChunk chunk_;
};

}  // namespace sluice::server
