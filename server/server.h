// The gRPC server: service, health, reflection, start and drain.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "server/infer_pipeline.h"
#include "server/inference_service.h"
#include "server/model_store.h"

namespace sluice::server {

struct ListenAddress {
  std::string host;  // As given, brackets of IPv6 included.
  int port = 0;      // 0: the system chooses.
};

// "127.0.0.1:50051", "localhost:0", "[::1]:50051". InvalidArgument otherwise.
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text);

class Server {
 public:
  struct Options {
    ListenAddress listen;
    std::string version;
    std::shared_ptr<grpc::ServerCredentials> credentials =
        grpc::InsecureServerCredentials();
    InferPipeline::Options pipeline;
  };

  // Warms up and serves. Unavailable when the address cannot be bound; errors
  // of a model's warm-up are InferPipeline::Start's.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ModelStore store,
                                                       Options options);
  ~Server() { Drain(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Stops accepting, answers what was accepted, closes. Once. Gives up on
  // clients that take longer than a few seconds to read their answers.
  void Drain();

  const ModelStore& store() const { return store_; }
  int port() const { return port_; }
  std::string address() const;

 private:
  Server(ModelStore store, ListenAddress listen)
      : store_(std::move(store)), listen_(std::move(listen)) {}

  absl::Status Listen(const Options& options);

  const base::SteadyClock clock_;
  const ModelStore store_;
  const ListenAddress listen_;
  int port_ = 0;
  std::unique_ptr<InferPipeline> pipeline_;
  std::unique_ptr<InferenceService> service_;
  std::unique_ptr<grpc::Server> grpc_server_;
};

}  // namespace sluice::server
