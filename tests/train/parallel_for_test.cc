#include "models/train/data/parallel_for.h"

#include <atomic>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::train {
namespace {

TEST(ParallelForTest, EveryTaskRunsOnce) {
  for (const int num_threads : {0, 1, 3, 100}) {
    std::vector<int> runs(20, 0);
    const absl::Status status = ParallelFor(20, num_threads, [&](size_t i) {
      ++runs[i];
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(runs, std::vector<int>(20, 1));
  }
}

TEST(ParallelForTest, NoTasksAreDoneAtOnce) {
  EXPECT_TRUE(ParallelFor(0, 2, [](size_t) {
                return absl::InternalError("ran");
              }).ok());
}

TEST(ParallelForTest, AnErrorStopsWhatHasNotBegun) {
  std::atomic<int> runs = 0;
  const absl::Status status = ParallelFor(1000, 1, [&](size_t i) {
    ++runs;
    return i == 3 ? absl::DataLossError("task 3") : absl::OkStatus();
  });
  EXPECT_EQ(status, absl::DataLossError("task 3"));
  EXPECT_EQ(runs, 4);
}

TEST(ParallelForTest, SeveralErrorsAreOne) {
  const absl::Status status = ParallelFor(2, 2, [&](size_t i) {
    return absl::InternalError(absl::StrCat("task ", i));
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
}

TEST(ThreadCountTest, ZeroStandsForTheCores) {
  EXPECT_GE(ThreadCount(0), 1);
  EXPECT_EQ(ThreadCount(7), 7);
}

}  // namespace
}  // namespace sluice::train
