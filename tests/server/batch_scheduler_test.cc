#include "server/batch_scheduler.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "tests/server/fake_clock.h"

namespace sluice::server {
namespace {

using ::testing::IsEmpty;

struct TestTask {
  char name;
  std::string shape;
  base::TimePoint expiry = base::TimePoint::max();
  bool is_cancelled = false;

  const std::string& key() const { return shape; }
  base::TimePoint deadline() const { return expiry; }
  bool cancelled() const { return is_cancelled; }
};

std::string Names(const std::vector<std::unique_ptr<TestTask>>& tasks) {
  std::string names;
  for (const auto& task : tasks) names.push_back(task->name);
  return names;
}

class BatchSchedulerTest : public ::testing::Test {
 protected:
  void Schedule(TestTask task) {
    auto owned = std::make_unique<TestTask>(std::move(task));
    ASSERT_TRUE(scheduler_.Schedule(&owned).ok());
    ASSERT_EQ(owned, nullptr);
  }

  base::TimePoint InMs(int ms) const {
    return clock_.Now() + std::chrono::milliseconds(ms);
  }

  FakeClock clock_;
  BatchScheduler<TestTask> scheduler_{/*max_queued_tasks=*/6,
                                      /*max_batch_size=*/3, &clock_};
};

TEST_F(BatchSchedulerTest, OneTaskIsABatchAtOnce) {
  Schedule({'a', "224"});
  EXPECT_EQ(Names(scheduler_.TakeBatch().tasks), "a");
}

TEST_F(BatchSchedulerTest, GathersTheKeyOfTheOldestInOrder) {
  Schedule({'a', "224"});
  Schedule({'b', "640"});
  Schedule({'c', "224"});
  Schedule({'d', "640"});
  EXPECT_EQ(Names(scheduler_.TakeBatch().tasks), "ac");
  EXPECT_EQ(Names(scheduler_.TakeBatch().tasks), "bd");
}

TEST_F(BatchSchedulerTest, BatchStopsAtItsMaximum) {
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) Schedule({name, "224"});
  EXPECT_EQ(Names(scheduler_.TakeBatch().tasks), "abc");
  EXPECT_EQ(Names(scheduler_.TakeBatch().tasks), "de");
}

TEST_F(BatchSchedulerTest, FullQueueKeepsOwnershipWithTheCaller) {
  for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'}) {
    Schedule({name, "224"});
  }
  auto task = std::make_unique<TestTask>(TestTask{'g', "224"});
  EXPECT_EQ(scheduler_.Schedule(&task).code(),
            absl::StatusCode::kResourceExhausted);
  ASSERT_NE(task, nullptr);
  EXPECT_EQ(task->name, 'g');

  scheduler_.TakeBatch();
  EXPECT_TRUE(scheduler_.Schedule(&task).ok());
}

TEST_F(BatchSchedulerTest, ExpiredTasksLeaveFromAnyPlace) {
  Schedule({'a', "224", InMs(10)});
  Schedule({'b', "224", InMs(30)});
  Schedule({'c', "640", InMs(20)});
  clock_.AdvanceMs(20);
  const Batch<TestTask> batch = scheduler_.TakeBatch();
  EXPECT_EQ(Names(batch.dropped), "ac");
  EXPECT_EQ(Names(batch.tasks), "b");
}

TEST_F(BatchSchedulerTest, CancelledTaskNeverJoinsABatch) {
  Schedule({'a', "224"});
  Schedule({'b', "224", base::TimePoint::max(), /*is_cancelled=*/true});
  const Batch<TestTask> batch = scheduler_.TakeBatch();
  EXPECT_EQ(Names(batch.dropped), "b");
  EXPECT_EQ(Names(batch.tasks), "a");
}

TEST_F(BatchSchedulerTest, OnlyExpiredTasksStillReturn) {
  Schedule({'a', "224", InMs(1)});
  clock_.AdvanceMs(2);
  const Batch<TestTask> batch = scheduler_.TakeBatch();
  EXPECT_EQ(Names(batch.dropped), "a");
  EXPECT_THAT(batch.tasks, IsEmpty());
}

TEST_F(BatchSchedulerTest, CloseRefusesNewTasksAndHandsOutOldOnes) {
  Schedule({'a', "224"});
  scheduler_.Close();
  auto task = std::make_unique<TestTask>(TestTask{'b', "224"});
  EXPECT_EQ(scheduler_.Schedule(&task).code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(task, nullptr);
  EXPECT_EQ(Names(scheduler_.TakeBatch().tasks), "a");

  const Batch<TestTask> end = scheduler_.TakeBatch();
  EXPECT_THAT(end.tasks, IsEmpty());
  EXPECT_THAT(end.dropped, IsEmpty());
}

TEST_F(BatchSchedulerTest, CloseWakesAWaitingRunner) {
  std::thread runner([this] { scheduler_.TakeBatch(); });
  scheduler_.Close();
  runner.join();
}

TEST_F(BatchSchedulerTest, EveryTaskIsTakenOnceByCompetingRunners) {
  constexpr int kNumTasks = 2000;
  std::vector<std::string> taken(3);
  std::vector<std::thread> runners;
  for (std::string& names : taken) {
    runners.emplace_back([this, &names] {
      while (true) {
        const Batch<TestTask> batch = scheduler_.TakeBatch();
        if (batch.tasks.empty()) return;
        names += Names(batch.tasks);
      }
    });
  }
  for (int i = 0; i < kNumTasks; ++i) {
    auto task = std::make_unique<TestTask>(
        TestTask{'x', std::string(i % 3 == 0 ? "224" : "640")});
    while (!scheduler_.Schedule(&task).ok()) std::this_thread::yield();
  }
  scheduler_.Close();
  for (std::thread& runner : runners) runner.join();
  EXPECT_EQ(taken[0].size() + taken[1].size() + taken[2].size(), kNumTasks);
}

}  // namespace
}  // namespace sluice::server
