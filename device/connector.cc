#include "device/connector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"

namespace sluice::device {

Connector::Connector(const LinkOptions& options,
                     std::function<void()> on_change,
                     std::function<void(const std::string& line)> on_new_codec)
    : options_(options),
      on_change_(std::move(on_change)),
      on_new_codec_(std::move(on_new_codec)),
      needs_(options.needs),
      current_(options.addresses.size() - 1) {}

absl::StatusOr<std::unique_ptr<Connection>> Connector::Connect() {
  absl::StatusOr<std::unique_ptr<Connection>> connection = ConnectToAny();
  if (!absl::IsFailedPrecondition(connection.status()) ||
      !options_.renew_codec) {
    return connection;
  }
  SLUICE_RETURN_IF_ERROR(TakeTheirCodec(connection.status()));
  return ConnectToAny();
}

absl::StatusOr<std::unique_ptr<Connection>> Connector::ConnectTo(
    const std::string& address) {
  auto connection = std::make_unique<Connection>();
  connection->stub =
      v1::Inference::NewStub(OpenChannel(address, options_.security));
  SLUICE_ASSIGN_OR_RETURN(
      const v1::ListModelsResponse models,
      ListModels(connection->stub.get(), address, options_.deadline));
  SLUICE_RETURN_IF_ERROR(CheckModels(models, needs_));
  connection->server_version = models.server_version();
  connection->max_message_bytes = models.limits().max_message_bytes();
  connection->max_in_flight = static_cast<size_t>(options_.max_in_flight);
  if (const size_t limit = models.limits().max_in_flight_per_stream();
      limit > 0) {
    connection->max_in_flight = std::min(connection->max_in_flight, limit);
  }
  connection->call =
      std::make_unique<StreamCall>(connection->stub.get(), on_change_);
  return connection;
}

absl::StatusOr<std::unique_ptr<Connection>> Connector::ConnectToAny() {
  const size_t num_addresses = options_.addresses.size();
  std::vector<std::string> messages;
  absl::StatusCode code = absl::StatusCode::kOk;
  for (size_t i = 1; i <= num_addresses; ++i) {
    const size_t index = (current_ + i) % num_addresses;
    const std::string& address = options_.addresses[index];
    absl::StatusOr<std::unique_ptr<Connection>> connection = ConnectTo(address);
    if (connection.ok()) {
      current_ = index;
      return connection;
    }
    const absl::Status& status = connection.status();
    if (code == absl::StatusCode::kOk || absl::IsUnavailable(status)) {
      code = status.code();
    }
    messages.push_back(num_addresses == 1 || absl::IsUnavailable(status)
                           ? std::string(status.message())
                           : absl::StrCat(address, ": ", status.message()));
  }
  return absl::Status(code, absl::StrJoin(messages, "; "));
}

absl::Status Connector::TakeTheirCodec(const absl::Status& mismatch) {
  if (!may_renew_codec_) {
    return absl::FailedPreconditionError(
        absl::StrCat(mismatch.message(), " (changed again before any answer)"));
  }
  const absl::StatusOr<std::shared_ptr<const artifact::CodecArtifact>> codec =
      options_.renew_codec();
  if (absl::IsUnavailable(codec.status())) return codec.status();
  if (!codec.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(mismatch.message(), "; ", codec.status().message()));
  }
  const std::string& old_id = needs_.codec->id;
  const std::string& new_id = (*codec)->id;
  if (new_id == old_id) return mismatch;
  const std::string line = absl::StrCat("codec changed: ", old_id.substr(0, 8),
                                        " -> ", new_id.substr(0, 8));
  needs_.codec = *codec;
  may_renew_codec_ = false;
  on_new_codec_(line);
  return absl::OkStatus();
}

}  // namespace sluice::device
