#include "common/base/bounded_queue.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace sluice::base {
namespace {

TEST(BoundedQueueTest, FirstInFirstOut) {
  BoundedQueue<int> queue(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.Push(i));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.Pop(), i);
}

TEST(BoundedQueueTest, ClosedQueueGivesWhatItHoldsAndTakesNothing) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.Push(1));
  queue.Close();
  EXPECT_FALSE(queue.Push(2));
  EXPECT_FALSE(queue.PushDroppingOldest(3));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueueTest, FullQueueLosesItsOldest) {
  BoundedQueue<int> queue(2);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.PushDroppingOldest(i));
  EXPECT_EQ(queue.Pop(), 3);
  EXPECT_EQ(queue.Pop(), 4);
}

TEST(BoundedQueueTest, PopGivesUpAtTheDeadline) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.PopUntil(SteadyClock().Now()), std::nullopt);
  EXPECT_TRUE(queue.Push(1));
  EXPECT_EQ(queue.PopUntil(SteadyClock().Now()), 1);
}

TEST(BoundedQueueTest, CloseWakesAWaitingPush) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.Push(1));
  std::thread pusher([&] { EXPECT_FALSE(queue.Push(2)); });
  queue.Close();
  pusher.join();
}

TEST(BoundedQueueTest, CloseWakesAWaitingPop) {
  BoundedQueue<int> queue(1);
  std::thread popper([&] { EXPECT_EQ(queue.Pop(), std::nullopt); });
  queue.Close();
  popper.join();
}

TEST(BoundedQueueTest, NeverHoldsMoreThanItsCapacity) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  std::atomic<int> pushed = 0;
  std::atomic<int> popped = 0;
  std::thread pusher([&] {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(queue.Push(std::make_unique<int>(i)));
      ++pushed;
    }
    queue.Close();
  });
  while (std::optional<std::unique_ptr<int>> item = queue.Pop()) {
    EXPECT_EQ(**item, popped);
    ++popped;
    // One more may have been pushed that is not counted as popped yet.
    EXPECT_LE(pushed, popped + 2);
  }
  pusher.join();
  EXPECT_EQ(popped, 1000);
}

}  // namespace
}  // namespace sluice::base
