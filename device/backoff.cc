#include "device/backoff.h"

#include <algorithm>

namespace sluice::device {

std::chrono::milliseconds Backoff::Next() {
  std::uniform_real_distribution<double> factor(1 - kJitter, 1 + kJitter);
  const std::chrono::duration<double, std::milli> jittered =
      delay_ * factor(random_);
  delay_ = std::min(2 * delay_, kLongest);
  return std::chrono::duration_cast<std::chrono::milliseconds>(jittered);
}

}  // namespace sluice::device
