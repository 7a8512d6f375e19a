// How long to wait before trying something once more.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace sluice::device {

// 0.5 s, doubling up to 10 s; each jittered by up to a fifth, so that devices
// that lost one server do not all come back at once.
class Backoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{500};
  static constexpr std::chrono::milliseconds kLongest{10000};
  static constexpr double kJitter = 0.2;

  explicit Backoff(uint32_t seed) : random_(seed) {}

  std::chrono::milliseconds Next();
  // Starts over: it worked.
  void Reset() { delay_ = kFirst; }

 private:
  std::minstd_rand random_;
  std::chrono::milliseconds delay_ = kFirst;
};

}  // namespace sluice::device
