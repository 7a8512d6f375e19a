#include "device/backoff.h"

#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesToTheLongestWithinTheJitter) {
  Backoff backoff(1);
  for (const int expected : {500, 1000, 2000, 4000, 8000, 10000, 10000}) {
    const auto delay = static_cast<double>(backoff.Next().count());
    EXPECT_GE(delay, expected * 0.8 - 1);
    EXPECT_LE(delay, expected * 1.2);
  }
}

TEST(BackoffTest, StartsOverAfterSuccess) {
  Backoff backoff(1);
  for (int i = 0; i < 5; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(600));
}

TEST(BackoffTest, DevicesDoNotComeBackTogether) {
  Backoff one(1);
  Backoff two(2);
  EXPECT_NE(one.Next(), two.Next());
}

}  // namespace
}  // namespace sluice::device
