#include "server/admission.h"

#include <utility>

#include "common/wire/grpc_status.h"
#include "gmock/gmock.h"

namespace sluice::server {
namespace {

ServerLimits SmallLimits() {
  ServerLimits limits;
  limits.max_queued_tasks = 2;
  limits.max_queued_bytes = 100;
  limits.retry_after = std::chrono::milliseconds(25);
  return limits;
}

TEST(AdmissionTest, SlotsAreFreeAgainAfterRelease) {
  Admission admission(SmallLimits());
  {
    const auto first = admission.Reserve(10);
    const auto second = admission.Reserve(10);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(admission.num_tasks(), 2u);
  }
  EXPECT_EQ(admission.num_tasks(), 0u);
}

TEST(AdmissionTest, FullQueueIsResourceExhaustedWithRetryHint) {
  Admission admission(SmallLimits());
  const auto first = admission.Reserve(0);
  const auto second = admission.Reserve(0);
  const absl::Status status = admission.Reserve(0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(wire::RetryAfterMs(status), 25u);
}

TEST(AdmissionTest, RefusedBytesTakeNoSlot) {
  Admission admission(SmallLimits());
  const auto first = admission.Reserve(60);
  const absl::Status status = admission.Reserve(50).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(wire::RetryAfterMs(status), 25u);
  EXPECT_EQ(admission.num_tasks(), 1u);
  EXPECT_TRUE(admission.Reserve(40).ok());
}

TEST(AdmissionTest, BytesOverTheLimitHaveNoRetryHint) {
  Admission admission(SmallLimits());
  const absl::Status status = admission.Reserve(101).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(wire::RetryAfterMs(status), std::nullopt);
}

TEST(AdmissionTest, ClosedIsUnavailableAndKeepsReservations) {
  Admission admission(SmallLimits());
  auto held = admission.Reserve(10);
  admission.Close();
  EXPECT_EQ(admission.Reserve(0).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(admission.num_tasks(), 1u);
  held->Release();
  admission.WaitUntilIdle();
}

TEST(AdmissionTest, MovedAndReleasedTwiceCountsOnce) {
  Admission admission(SmallLimits());
  auto first = admission.Reserve(10);
  Reservation moved = *std::move(first);
  moved.Release();
  moved.Release();
  EXPECT_EQ(admission.num_tasks(), 0u);
}

}  // namespace
}  // namespace sluice::server
