// Progress of a long job: a bar on a terminal, plain lines otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

namespace sluice::train {

// ", 3 min left", when so much of the work took that long; empty while that
// is no more than a guess: in the first five seconds, and before anything is
// done.
std::string TimeLeft(std::chrono::duration<double> elapsed, int64_t done,
                     int64_t total);

class Progress {
 public:
  enum class Style { kBar, kLines };

  // Counts up to `total` things named by `label`, for example "packing". `out`
  // must outlive the object.
  Progress(std::string label, int64_t total, std::ostream& out, Style style);

  // To standard error, in the style that suits it.
  static Progress OnStderr(std::string label, int64_t total);

  // Says that `done` of `total` are finished; writes when that shows: a changed
  // percentage on a bar, every tenth part in lines.
  void Update(int64_t done);

 private:
  std::string label_;
  int64_t total_;
  std::ostream& out_;
  Style style_;
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
  int64_t last_step_ = 0;
};

}  // namespace sluice::train
