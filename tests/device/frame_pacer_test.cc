#include "device/frame_pacer.h"

#include <chrono>

#include "gtest/gtest.h"

namespace sluice::device {
namespace {

using std::chrono::milliseconds;

// Of a camera with a frame every `period`, the number taken in ten seconds.
int NumTaken(double max_fps, milliseconds period) {
  FramePacer pacer(max_fps);
  int num_taken = 0;
  const base::TimePoint start = std::chrono::steady_clock::now();
  for (base::TimePoint now = start; now < start + milliseconds(10000);
       now += period) {
    if (now < pacer.due()) continue;
    pacer.Take(now);
    ++num_taken;
  }
  return num_taken;
}

TEST(FramePacerTest, WithoutABoundEveryFrameIsTaken) {
  EXPECT_EQ(NumTaken(0, milliseconds(10)), 1000);
}

TEST(FramePacerTest, AverageIsTheBoundWhateverTheCamera) {
  EXPECT_EQ(NumTaken(10, milliseconds(10)), 100);
  EXPECT_EQ(NumTaken(10, milliseconds(33)), 100);
}

TEST(FramePacerTest, SlowerCameraLosesNothing) {
  EXPECT_EQ(NumTaken(10, milliseconds(200)), 50);
}

TEST(FramePacerTest, PauseIsNotFollowedByABurst) {
  FramePacer pacer(10);
  const base::TimePoint start = std::chrono::steady_clock::now();
  pacer.Take(start);
  pacer.Take(start + milliseconds(5000));
  EXPECT_EQ(pacer.due(), start + milliseconds(5100));
}

}  // namespace
}  // namespace sluice::device
