#include "device/server_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/wire/grpc_status.h"
#include "device/stopwatch.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace sluice::device {
namespace {

// "patch-v1 (0123...), other (4567...)"
std::string NamesAndIds(const v1::ListModelsResponse& models) {
  return absl::StrJoin(
      models.codecs(), ", ", [](std::string* out, const v1::CodecInfo& codec) {
        absl::StrAppend(out, codec.name(), " (", codec.id(), ")");
      });
}

std::string TailNames(const v1::ListModelsResponse& models) {
  return absl::StrJoin(models.tails(), ", ",
                       [](std::string* out, const v1::TailInfo& tail) {
                         absl::StrAppend(out, tail.name());
                       });
}

absl::Status CheckCodec(const v1::ListModelsResponse& models,
                        const ServerNeeds& needs) {
  for (const v1::CodecInfo& codec : models.codecs()) {
    if (codec.id() == needs.codec_id) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("codec mismatch: this device has ", needs.codec_name, " (",
                   needs.codec_id, "), the server has ",
                   models.codecs().empty() ? "none" : NamesAndIds(models)));
}

absl::Status CheckTail(const v1::TailInfo& tail, const ServerNeeds& needs) {
  if (std::find(tail.codec_ids().begin(), tail.codec_ids().end(),
                needs.codec_id) != tail.codec_ids().end()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("codec mismatch: this device has ", needs.codec_name, " (",
                   needs.codec_id, "), tail '", tail.name(), "' was made for ",
                   absl::StrJoin(tail.codec_ids(), ", ")));
}

absl::Status CheckTails(const v1::ListModelsResponse& models,
                        const ServerNeeds& needs) {
  for (const std::string& name : needs.tails) {
    const auto tail =
        std::find_if(models.tails().begin(), models.tails().end(),
                     [&](const v1::TailInfo& t) { return t.name() == name; });
    if (tail == models.tails().end()) {
      return absl::NotFoundError(
          absl::StrCat("the server has no tail '", name, "' (--tails); it has ",
                       models.tails().empty() ? "none" : TailNames(models)));
    }
    SLUICE_RETURN_IF_ERROR(CheckTail(*tail, needs));
  }
  if (!needs.tails.empty()) return absl::OkStatus();
  for (const v1::TailInfo& tail : models.tails()) {
    if (tail.is_default()) return CheckTail(tail, needs);
  }
  return absl::NotFoundError(
      absl::StrCat("the server has no default tail; name one with --tails: ",
                   TailNames(models)));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected HOST:PORT with a port of 1 to 65535, found '", address, "'"));
  }
  grpc::ChannelArguments arguments;
  // A proxy set for web traffic would swallow calls to a server on the LAN.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

ServerClient::ServerClient(std::shared_ptr<grpc::Channel> channel,
                           std::string address, ServerNeeds needs,
                           std::chrono::milliseconds deadline)
    : channel_(std::move(channel)),
      stub_(v1::Inference::NewStub(channel_)),
      address_(std::move(address)),
      needs_(std::move(needs)),
      deadline_(deadline) {}

absl::StatusOr<std::unique_ptr<ServerClient>> ServerClient::Connect(
    std::shared_ptr<grpc::Channel> channel, std::string address,
    ServerNeeds needs, std::chrono::milliseconds deadline) {
  std::unique_ptr<ServerClient> client(new ServerClient(
      std::move(channel), std::move(address), std::move(needs), deadline));
  SLUICE_RETURN_IF_ERROR(client->CheckModels(Wait::kFailFast));
  return client;
}

absl::Status ServerClient::CheckModels(Wait wait) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::max(deadline_, kMinListDeadline));
  context.set_wait_for_ready(wait == Wait::kUntilConnected);
  v1::ListModelsResponse models;
  const grpc::Status status = stub_->ListModels(&context, {}, &models);
  if (!status.ok()) {
    return absl::UnavailableError(absl::StrCat(
        "no Sluice server answers at ", address_, " (", status.error_message(),
        "); start one with 'sluice-server --models models/zoo --listen ",
        address_, "' or name another with --server"));
  }
  server_version_ = models.server_version();
  SLUICE_RETURN_IF_ERROR(CheckCodec(models, needs_));
  return CheckTails(models, needs_);
}

absl::StatusOr<Answer> ServerClient::Infer(const v1::InferRequest& request) {
  absl::StatusOr<Answer> answer = InferOnce(request);
  if (!absl::IsUnavailable(answer.status()) &&
      !absl::IsFailedPrecondition(answer.status())) {
    return answer;
  }
  if (absl::Status models = CheckModels(Wait::kUntilConnected); !models.ok()) {
    return absl::Status(
        models.code(),
        absl::StrCat("the request failed (", answer.status().message(),
                     ") and then: ", models.message()));
  }
  return InferOnce(request);
}

absl::StatusOr<Answer> ServerClient::InferOnce(
    const v1::InferRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + deadline_);
  Answer answer;
  Stopwatch stopwatch;
  const grpc::Status status = stub_->Infer(&context, request, &answer.response);
  answer.round_trip_ms = stopwatch.Lap();
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", deadline_.count(),
                     " ms (--deadline): ", status.error_message()));
  }
  SLUICE_RETURN_IF_ERROR(wire::FromGrpcStatus(status));
  SLUICE_RETURN_IF_ERROR(wire::StatusFromProto(answer.response));
  if (answer.response.sequence() != request.sequence()) {
    return absl::InternalError(absl::StrCat("expected the answer to request ",
                                            request.sequence(), ", found ",
                                            answer.response.sequence()));
  }
  return answer;
}

}  // namespace sluice::device
