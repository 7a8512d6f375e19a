#include "common/wire/grpc_status.h"

#include "gmock/gmock.h"

namespace sluice::wire {
namespace {

TEST(GrpcStatusTest, EveryCodeSurvivesTheRoundTrip) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status) << code;
  }
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(GrpcStatusTest, ResponseCarriesCodeMessageAndRetryHint) {
  v1::InferResponse response;
  StatusToProto(WithRetryAfter(absl::ResourceExhaustedError("full"), 70),
                &response);
  EXPECT_EQ(response.code(), 8u);
  EXPECT_EQ(response.message(), "full");
  EXPECT_EQ(response.retry_after_ms(), 70u);

  const absl::Status status = StatusFromProto(response);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryAfterMs(status), 70u);
}

TEST(GrpcStatusTest, OkClearsAnEarlierErrorOfTheResponse) {
  v1::InferResponse response;
  StatusToProto(WithRetryAfter(absl::ResourceExhaustedError("full"), 70),
                &response);
  StatusToProto(absl::OkStatus(), &response);
  EXPECT_TRUE(StatusFromProto(response).ok());
  EXPECT_EQ(response.message(), "");
  EXPECT_EQ(response.retry_after_ms(), 0u);
}

TEST(GrpcStatusTest, ErrorWithoutHintHasNone) {
  EXPECT_EQ(RetryAfterMs(absl::ResourceExhaustedError("too large")),
            std::nullopt);
  EXPECT_EQ(RetryAfterMs(absl::OkStatus()), std::nullopt);
}

TEST(GrpcStatusTest, UnknownCodeInAResponseIsUnknown) {
  v1::InferResponse response;
  response.set_code(4000000000u);
  EXPECT_EQ(StatusFromProto(response).code(), absl::StatusCode::kUnknown);
}

TEST(GrpcStatusTest, ResultOfOneTailCarriesItsOwnStatus) {
  v1::Result result;
  StatusToProto(absl::InternalError("no weights"), &result);
  EXPECT_EQ(StatusFromProto(result), absl::InternalError("no weights"));
}

}  // namespace
}  // namespace sluice::wire
