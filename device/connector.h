// Finds the servers of a device and shakes hands with them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "device/handshake.h"
#include "device/server_channel.h"
#include "device/stream_call.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::device {

// Gets the codec that the servers have now and makes it the one to encode with.
// Unavailable when they do not answer: there will be another try.
using RenewCodec = std::function<
    absl::StatusOr<std::shared_ptr<const artifact::CodecArtifact>>()>;

struct LinkOptions {
  std::vector<std::string> addresses;  // HOST:PORT, the preferred one first.
  ChannelSecurity security;
  ServerNeeds needs;
  std::chrono::milliseconds deadline{2000};  // Of each request.
  int max_in_flight = 2;                     // Unanswered requests.
  // Whether every request is worth waiting for, as those of files are, or only
  // the newest, as a camera's.
  bool lossless = true;
  // Lossless: how long no server may answer before the link gives up.
  std::chrono::milliseconds give_up_after{60000};
  // Without it, and when no request was answered since it was used last, a
  // server with another codec is final.
  RenewCodec renew_codec;
};

// A server that passed the handshake.
struct Connection {
  std::unique_ptr<v1::Inference::Stub> stub;
  std::string server_version;
  size_t max_in_flight = 0;
  uint64_t max_message_bytes = 0;
  bool is_draining = false;  // It answers what it has, and no more.
  std::unique_ptr<StreamCall> call;
};

// Not thread-safe.
class Connector {
 public:
  // `options` must outlive the connector. `on_change` is for StreamCall;
  // `on_new_codec` gets a line for people when Connect() has taken another
  // codec.
  Connector(const LinkOptions& options, std::function<void()> on_change,
            std::function<void(const std::string& line)> on_new_codec);

  // Tries every address once, beginning after the current one, and once more
  // with the codec that the servers have now if that is another. Unavailable as
  // long as there is hope for one of them; otherwise as ServerLink::Start.
  absl::StatusOr<std::unique_ptr<Connection>> Connect();

  // A request was answered: the codec may change again.
  void AllowNewCodec() { may_renew_codec_ = true; }

  // The address in use, or last in use.
  const std::string& address() const { return options_.addresses[current_]; }

 private:
  absl::StatusOr<std::unique_ptr<Connection>> ConnectTo(
      const std::string& address);
  absl::StatusOr<std::unique_ptr<Connection>> ConnectToAny();
  // `mismatch` is what to give up with when their codec is no other.
  absl::Status TakeTheirCodec(const absl::Status& mismatch);

  const LinkOptions& options_;
  const std::function<void()> on_change_;
  const std::function<void(const std::string& line)> on_new_codec_;
  ServerNeeds needs_;
  bool may_renew_codec_ = true;
  size_t current_;
};

}  // namespace sluice::device
