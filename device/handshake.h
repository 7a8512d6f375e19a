// What device and server compare at every (re)connect.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "sluice/v1/inference.grpc.pb.h"

namespace sluice::device {

// What a server has to serve for this device.
struct ServerNeeds {
  std::shared_ptr<const artifact::CodecArtifact> codec;
  std::vector<std::string> tails;  // Empty: the server's default tail.
};

// Least time for a listing, which may have to set up the connection.
inline constexpr std::chrono::milliseconds kMinListDeadline{2000};

// Unavailable when no server answers in max(deadline, kMinListDeadline);
// `address` is for the message.
absl::StatusOr<v1::ListModelsResponse> ListModels(
    v1::Inference::Stub* stub, const std::string& address,
    std::chrono::milliseconds deadline);

// The tails that a request runs which names `tails`. NotFound listing what the
// server has.
absl::StatusOr<std::vector<const v1::TailInfo*>> FindTails(
    const v1::ListModelsResponse& models,
    const std::vector<std::string>& tails);

// Errors:
//   NotFound            a tail that the server does not serve
//   FailedPrecondition  another codec id (the message has both), a tail that
//                       was not made for this codec, or entropy coders that do
//                       not agree on the known answer
absl::Status CheckModels(const v1::ListModelsResponse& models,
                         const ServerNeeds& needs);

}  // namespace sluice::device
