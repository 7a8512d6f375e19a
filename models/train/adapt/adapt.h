// A codec fitted to one camera: stage 1 goes on with its frames, unlabelled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "models/train/adapt/adapt_report.h"

namespace sluice::train {

inline constexpr int64_t kMinAdaptFrames = 20;

struct AdaptOptions {
  std::filesystem::path codec;
  std::vector<std::filesystem::path> tails;  // The first is the teacher.
  std::filesystem::path frames;              // As PackOptions::inputs.
  std::filesystem::path out;  // A folder per artifact, and work/.
  double holdout = 0.1;  // Below 1 a share of the frames, else their number.
  int steps = 600;
  vision::ViewRule view = {vision::ViewRule::Kind::kCrop, {256, 256}};
  std::string name;  // Of the new codec; empty: as the old.
  uint64_t seed = 1;
  int num_threads = 0;          // 0: one per core.
  std::string device = "auto";  // As OpenComputeDevice.
  bool resume = false;          // From out/work.
  int64_t max_steps = 0;  // Save a checkpoint and stop after so many; 0: never.
};

// Trains the codec's encoder, gains and medians behind its frozen decoder
// network, counts its tables anew and writes out/<codec name>, then every tail
// with the new codec's id added to out/<tail's folder name> and verifies it
// there: out is for a server to load. The teacher is the codec's own pixel
// entrance with the first tail. Frames that come last by name are held out,
// since neighbours in time are alike, and measured. A codec that did not get
// better is written nevertheless: see IsBetter.
//
// InvalidArgument for fewer than kMinAdaptFrames frames, frames that the view
// would have to enlarge, a tail whose results are tensors, outputs that would
// overwrite an input, and a resumed run with other options than it began with;
// FailedPrecondition for a tail that was not made for the codec; NotFound for a
// codec of a family other than patch and for a first tail that is no teacher (a
// classification of family mobilenetv2); Cancelled after max_steps.
absl::StatusOr<AdaptReport> AdaptCodec(const AdaptOptions& options);

}  // namespace sluice::train
