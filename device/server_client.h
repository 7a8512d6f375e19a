// The device's side of the service: one connection, checked before it is used.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::device {

// A plaintext channel to HOST:PORT. InvalidArgument unless the address has that
// form. Does not connect yet.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    const std::string& address);

// What the server has to serve for this device.
struct ServerNeeds {
  std::string codec_name;
  std::string codec_id;            // 64 hexadecimal digits.
  std::vector<std::string> tails;  // Empty: the server's default tail.
};

// An answer and the time of the attempt that brought it.
struct Answer {
  v1::InferResponse response;
  double round_trip_ms = 0;
};

class ServerClient {
 public:
  static constexpr std::chrono::milliseconds kMinListDeadline{2000};

  // Lists the server's models and compares them with `needs`. `address` is for
  // messages. `deadline` bounds each Infer; a listing, which may have to set up
  // the connection, gets at least kMinListDeadline. Errors:
  //   Unavailable         no server answers at the address
  //   NotFound            a tail that the server does not serve
  //   FailedPrecondition  another codec id (the message has both), or a tail
  //                       that was not made for this codec
  static absl::StatusOr<std::unique_ptr<ServerClient>> Connect(
      std::shared_ptr<grpc::Channel> channel, std::string address,
      ServerNeeds needs, std::chrono::milliseconds deadline);

  const std::string& server_version() const { return server_version_; }

  // Sends one request. When the server goes away (Unavailable) or serves
  // another model (FailedPrecondition), lists models once more, tries again
  // once and then gives up with that code. Other codes are the server's, with
  // DeadlineExceeded also when no answer came in time. One caller at a time.
  absl::StatusOr<Answer> Infer(const v1::InferRequest& request);

 private:
  enum class Wait { kFailFast, kUntilConnected };

  ServerClient(std::shared_ptr<grpc::Channel> channel, std::string address,
               ServerNeeds needs, std::chrono::milliseconds deadline);

  absl::Status CheckModels(Wait wait);
  absl::StatusOr<Answer> InferOnce(const v1::InferRequest& request);

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Inference::Stub> stub_;
  std::string address_;
  ServerNeeds needs_;
  std::chrono::milliseconds deadline_;
  std::string server_version_;
};

}  // namespace sluice::device
