#include "models/train/data/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::train {
namespace {

constexpr int kBarCells = 40;

}  // namespace

std::string TimeLeft(std::chrono::duration<double> elapsed, int64_t done,
                     int64_t total) {
  if (done <= 0 || done >= total || elapsed < std::chrono::seconds(5)) {
    return "";
  }
  const double seconds = elapsed.count() * static_cast<double>(total - done) /
                         static_cast<double>(done);
  return seconds < 90
             ? absl::StrCat(", ", std::llround(seconds), " s left")
             : absl::StrCat(", ", std::llround(seconds / 60), " min left");
}

Progress::Progress(std::string label, int64_t total, std::ostream& out,
                   Style style)
    : label_(std::move(label)),
      total_(std::max<int64_t>(total, 1)),
      out_(out),
      style_(style) {}

Progress Progress::OnStderr(std::string label, int64_t total) {
  return Progress(std::move(label), total, std::cerr,
                  isatty(STDERR_FILENO) ? Style::kBar : Style::kLines);
}

void Progress::Update(int64_t done) {
  const int64_t num_steps = style_ == Style::kBar ? 100 : 10;
  const int64_t step = done * num_steps / total_;
  if (step == last_step_) return;
  last_step_ = step;
  const std::string left =
      TimeLeft(std::chrono::steady_clock::now() - start_, done, total_);
  const std::string count = absl::StrCat(done, "/", total_, left);
  if (style_ == Style::kLines) {
    out_ << absl::StrCat(label_, ": ", count, "\n") << std::flush;
    return;
  }
  const int64_t filled =
      std::min<int64_t>(done * kBarCells / total_, kBarCells);
  // Clears the line: the one before may have been longer.
  out_ << "\r\033[K" << label_ << " [" << std::string(filled, '#')
       << std::string(kBarCells - filled, '.') << "] " << count
       << (done >= total_ ? "\n" : "") << std::flush;
}

}  // namespace sluice::train
