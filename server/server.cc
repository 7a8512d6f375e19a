#include "server/server.h"

#include <charconv>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"

namespace sluice::server {
namespace {

// For clients to read their last answers.
constexpr std::chrono::seconds kStreamsCloseTimeout{5};
// For calls that drain does not wait for, such as a health watch.
constexpr std::chrono::seconds kCloseTimeout{1};

// A client that vanished without a word is noticed after their sum.
constexpr int kKeepaliveMs = 30000;
constexpr int kKeepaliveTimeoutMs = 20000;
// More frequent pings of a client end its connection; gRPC's own limit of five
// minutes would let a device learn of a dead link only then.
constexpr int kMinClientPingIntervalMs = 10000;

void SetKeepalive(grpc::ServerBuilder* builder) {
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              kKeepaliveTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      kMinClientPingIntervalMs);
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text) {
  const absl::Status malformed = absl::InvalidArgumentError(absl::StrCat(
      "listen address \"", text, "\": expected HOST:PORT, port 0 to 65535"));
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return malformed;
  ListenAddress address{.host = text.substr(0, colon), .port = -1};
  const bool bracketed =
      address.host.front() == '[' && address.host.back() == ']';
  if (!bracketed && address.host.find(':') != std::string::npos) {
    return malformed;
  }
  const char* end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc() || stop != end || address.port < 0 ||
      address.port > 65535) {
    return malformed;
  }
  return address;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ModelStore store,
                                                      Options options) {
  std::unique_ptr<Server> server(new Server(std::move(store), options.listen));
  SLUICE_ASSIGN_OR_RETURN(
      server->pipeline_,
      InferPipeline::Start(&server->store_, options.pipeline, &server->clock_));
  server->service_ = std::make_unique<InferenceService>(server->pipeline_.get(),
                                                        options.version);
  SLUICE_RETURN_IF_ERROR(server->Listen(options));
  return server;
}

absl::Status Server::Listen(const Options& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(options.pipeline.limits.max_message_bytes));
  // Or a second server on the same port would start and take half the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetKeepalive(&builder);
  builder.AddListeningPort(absl::StrCat(listen_.host, ":", listen_.port),
                           options.credentials, &port_);
  builder.RegisterService(service_.get());
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr || port_ == 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", listen_.host, ":", listen_.port,
                     ": the address is in use or not this machine's"));
  }
  grpc_server_->GetHealthCheckService()->SetServingStatus(
      v1::Inference::service_full_name(), true);
  return absl::OkStatus();
}

void Server::Drain() {
  if (grpc_server_ == nullptr) return;
  grpc_server_->GetHealthCheckService()->Shutdown();
  pipeline_->StopAccepting();
  service_->streams().Drain();
  pipeline_->WaitUntilIdle();
  service_->streams().WaitUntilNone(clock_.Now() + kStreamsCloseTimeout);
  grpc_server_->Shutdown(std::chrono::system_clock::now() + kCloseTimeout);
  grpc_server_->Wait();
  grpc_server_.reset();
}

std::string Server::address() const {
  return absl::StrCat(listen_.host, ":", port_);
}

}  // namespace sluice::server
