// What adapting a codec changed, measured on frames it was not adapted to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::train {

// One codec at one rate, means over frames.
struct AdaptPoint {
  double frame_bytes = 0.0;  // Whole frames, counted.
  // Of the features, against the pixel entrance's: by training's metric, where
  // predicting every channel's mean scores 1, and the plain squared error over
  // the mean square.
  double distortion = 0.0;
  double squared_error = 0.0;
  // Per tail, nats: from its answer behind the pixel entrance to its answer
  // behind the frame. A mask's is the mean over its places, a detector's the
  // sum over its places' and classes' scores.
  std::vector<double> kl;
};

struct AdaptReport {
  std::string parent_id;
  std::string codec_id;
  std::string codec_folder;
  std::vector<std::string> tails;  // Names.
  int64_t num_frames = 0;          // Adapted to.
  int64_t num_holdout = 0;         // Measured on.
  int steps = 0;
  // Per rate: as it was, with tables counted anew and nothing else, adapted.
  std::vector<AdaptPoint> before;
  std::vector<AdaptPoint> tables;
  std::vector<AdaptPoint> adapted;
};

// Adapted against tables counted anew, by one measure.
struct AdaptChange {
  std::string measure;  // "distortion", "KL of imagenet"
  // Of bytes at an equal measure, in percent; none where the curves have too
  // little in common, as those of one rate do.
  std::optional<double> bytes_percent;
  double measure_percent = 0.0;  // Mean over rates, each at its own bytes.
  // Fewer bytes at an equal measure, or else less of it at most rates.
  bool is_better = false;
};
// Distortion's, then each tail's.
std::vector<AdaptChange> ChangesOf(const AdaptReport& report);

// Whether every change is for the better.
bool IsBetter(const AdaptReport& report);

// A table with a row per rate and codec, and what it comes to.
std::string AdaptReportToText(const AdaptReport& report);
std::string AdaptReportToJson(const AdaptReport& report);

}  // namespace sluice::train
