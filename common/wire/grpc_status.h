// absl::Status <-> gRPC status, response codes and the retry-after hint.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::wire {

// Trailing metadata that carries RetryAfterMs() of a failed Infer.
inline constexpr char kRetryAfterMsKey[] = "retry-after-ms";

// Codes are equal by number; messages cross unchanged.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

// Marks an error as passing: the sender may try again after that long.
// REQUIRES: !status.ok().
absl::Status WithRetryAfter(absl::Status status, uint32_t retry_after_ms);
// The hint of WithRetryAfter, if there is one.
std::optional<uint32_t> RetryAfterMs(const absl::Status& status);

// Sets code, message and retry_after_ms; an OK status clears them.
void StatusToProto(const absl::Status& status, v1::InferResponse* response);
void StatusToProto(const absl::Status& status, v1::Result* result);
// The mirror. A code beyond google.rpc.Code is Unknown and named in the
// message.
absl::Status StatusFromProto(const v1::InferResponse& response);
absl::Status StatusFromProto(const v1::Result& result);

}  // namespace sluice::wire
