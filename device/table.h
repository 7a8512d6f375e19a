// The results as a fixed-width table for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "device/report.h"

namespace sluice::device {

// Writes each picture as it comes, then a summary. Pictures of a camera go by
// the time of day (UTC) and their number.
class TableWriter {
 public:
  static constexpr size_t kMaxLatencies = 10000;

  // `out` must outlive the writer. Lists the best `top_k` labels of each
  // picture, and the first boxes or classes of its mask; `jpeg_quality` adds a
  // column for the comparison.
  TableWriter(std::ostream* out, int top_k, std::optional<int> jpeg_quality);

  void Add(const PictureReport& report);
  // Pictures, failures, live pictures dropped, mean bytes, the ratio to JPEG
  // and the median latency (of the last kMaxLatencies pictures).
  void WriteSummary();

 private:
  void WriteHeader();
  void WriteAnswer(const PictureReport& report);
  void WriteLabels(const std::vector<RankedLabel>& labels);
  void WriteDetails(const TailResult& result, bool has_several_tails);

  std::ostream* out_;
  int top_k_;
  std::optional<int> jpeg_quality_;
  bool has_header_ = false;
  size_t num_pictures_ = 0;
  size_t num_failed_ = 0;
  size_t sum_sent_bytes_ = 0;
  size_t num_answered_ = 0;
  size_t sum_jpeg_bytes_ = 0;
  uint64_t num_dropped_ = 0;
  std::vector<double> latencies_ms_;  // A ring of the last answered pictures.
};

// `text` in exactly `width` columns, one per code point: padded on the right,
// or cut and marked with an ellipsis. Control characters come out as '?', so
// that no name can steer the terminal.
enum class Keep { kStart, kEnd };
std::string FitToWidth(std::string_view text, size_t width, Keep keep);

}  // namespace sluice::device
