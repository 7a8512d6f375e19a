// A small codec, its encoder, pictures and a server for the device's tests.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/artifact/codec_artifact.h"
#include "common/model/encoder.h"
#include "common/vision/picture.h"
#include "device/server_link.h"
#include "grpcpp/server.h"
#include "sluice/v1/inference.grpc.pb.h"
#include "tests/scratch_folder.h"

namespace sluice::device {

// Three channels, stride 8, two rates. The short id decides the whole one.
inline constexpr uint32_t kCodecShortId = 0x00c0ffee;
artifact::CodecArtifact MakeCodec(uint32_t short_id = kCodecShortId);

// The latent is the mean of each 8 x 8 block of each colour.
class BlockMeanEncoder : public model::Encoder {
 public:
  absl::StatusOr<base::FloatTensor> Encode(
      const base::FloatTensor& input) override;
  double Macs(int height, int width) const override;
};

// An encoder that outlives whoever gets it.
inline std::shared_ptr<model::Encoder> Borrow(model::Encoder* encoder) {
  return {std::shared_ptr<void>(), encoder};
}

// A horizontal ramp of greys.
vision::Picture MakePicture(int width, int height);

// A folder for pictures, its paths as the command line has them.
class ScratchDirectory : public testing::ScratchFolder {
 public:
  std::string File(const std::string& name) const { return path() / name; }
  // Writes a MakePicture() and returns its path.
  std::string WriteJpeg(const std::string& name, int width, int height) const;
};

// A service on a Unix socket: no network, but a connection that can break (an
// in-process channel of gRPC 1.51 crashes after the server's end). It decodes
// frames of its codec and calls their pictures "bright" or "dark".
class TestServer : public v1::Inference::Service {
 public:
  using InferFunction = std::function<grpc::Status(
      grpc::ServerContext*, const v1::InferRequest&, v1::InferResponse*)>;
  using Stream = grpc::ServerReaderWriter<v1::InferResponse, v1::InferRequest>;
  using StreamFunction =
      std::function<grpc::Status(grpc::ServerContext*, Stream*)>;
  using FetchFunction = std::function<grpc::Status(
      const v1::FetchCodecRequest&, grpc::ServerWriter<v1::CodecChunk>*)>;

  TestServer();
  // At the address of a server that is no more.
  explicit TestServer(std::string address,
                      artifact::CodecArtifact codec = MakeCodec());
  ~TestServer() override;

  // Ends every call that is under way.
  void Kill();
  const std::string& address() const { return address_; }
  // For a link to this server: its codec, the default tail.
  LinkOptions link_options() const;

  // With MakeCodec().
  static grpc::Status Classify(grpc::ServerContext* context,
                               const v1::InferRequest& request,
                               v1::InferResponse* response);

  grpc::Status Infer(grpc::ServerContext* context,
                     const v1::InferRequest* request,
                     v1::InferResponse* response) override;
  grpc::Status InferStream(grpc::ServerContext* context,
                           Stream* stream) override;
  grpc::Status ListModels(grpc::ServerContext* context,
                          const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  grpc::Status FetchCodec(grpc::ServerContext* context,
                          const v1::FetchCodecRequest* request,
                          grpc::ServerWriter<v1::CodecChunk>* chunks) override;

  // What it serves and how it answers; set them while no call is under way.
  v1::ListModelsResponse models;
  InferFunction infer;                   // Messages of streams, too.
  StreamFunction infer_stream;           // Instead of `infer` for each message.
  FetchFunction fetch;                   // None: NOT_FOUND.
  std::atomic<int> num_infer_calls = 0;  // And messages of streams.
  std::atomic<int> num_stream_calls = 0;
  std::atomic<int> num_list_calls = 0;
  std::atomic<int> num_fetch_calls = 0;

 private:
  ScratchDirectory directory_;
  const std::shared_ptr<const artifact::CodecArtifact> codec_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sluice::device
