#include "common/wire/grpc_status.h"

#include <string>
#include <string_view>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::wire {
namespace {

constexpr char kRetryAfterUrl[] = "sluice.v1/retry_after_ms";
constexpr uint32_t kLastCode = 16;  // UNAUTHENTICATED

absl::Status StatusFromCode(uint32_t code, const std::string& message) {
  if (code > kLastCode) {
    return absl::UnknownError(
        absl::StrCat("unknown status code ", code, ": ", message));
  }
  return absl::Status(static_cast<absl::StatusCode>(code), message);
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  return StatusFromCode(static_cast<uint32_t>(status.error_code()),
                        status.error_message());
}

absl::Status WithRetryAfter(absl::Status status, uint32_t retry_after_ms) {
  status.SetPayload(kRetryAfterUrl, absl::Cord(absl::StrCat(retry_after_ms)));
  return status;
}

std::optional<uint32_t> RetryAfterMs(const absl::Status& status) {
  const absl::optional<absl::Cord> hint = status.GetPayload(kRetryAfterUrl);
  uint32_t retry_after_ms = 0;
  if (!hint || !absl::SimpleAtoi(std::string(*hint), &retry_after_ms)) {
    return std::nullopt;
  }
  return retry_after_ms;
}

void StatusToProto(const absl::Status& status, v1::InferResponse* response) {
  response->set_code(static_cast<uint32_t>(status.code()));
  response->set_message(std::string(status.message()));
  response->set_retry_after_ms(RetryAfterMs(status).value_or(0));
}

void StatusToProto(const absl::Status& status, v1::Result* result) {
  result->set_code(static_cast<uint32_t>(status.code()));
  result->set_message(std::string(status.message()));
}

absl::Status StatusFromProto(const v1::InferResponse& response) {
  absl::Status status = StatusFromCode(response.code(), response.message());
  if (status.ok() || response.retry_after_ms() == 0) return status;
  return WithRetryAfter(std::move(status), response.retry_after_ms());
}

absl::Status StatusFromProto(const v1::Result& result) {
  return StatusFromCode(result.code(), result.message());
}

}  // namespace sluice::wire
