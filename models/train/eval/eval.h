// Runs codecs with their tails over labelled pictures: the real coder, counted
// frames, beside pixel codecs at the resolution the network sees.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/vision/geometry.h"
#include "models/train/figures/evaluation.h"
#include "models/train/pixels/pixel_baseline.h"

namespace sluice::train {

// One section.
struct EvalOptions {
  // The i-th tail stands behind the i-th codec; all are for one task.
  std::vector<std::filesystem::path> codecs;
  std::vector<std::filesystem::path> tails;
  std::filesystem::path data;  // As the task's set: labelled_set.h and others.
  std::string split = "val";   // Of detection and segmentation sets.
  std::string only;            // What pictures' own file names begin with.
  // As model::LoadTeacher, for a classification.
  std::optional<std::filesystem::path> teacher;
  int64_t limit = 0;  // The first so many pictures; 0: all.
  vision::ViewRule view = {vision::ViewRule::Kind::kCrop, {224, 224}, 227};
  std::vector<int> rates;  // Of every codec; empty: all that it has.
  std::vector<PixelCodec> baselines;
  int64_t num_latency_pictures = 50;  // The first so many; 0: no latencies.
  int num_threads = 0;                // 0: as many as there are cores.
  std::string command_line;           // For the record.
  std::string version;
};

// Of each section: learned methods in the order of the options, then pixel
// codecs. A pixel codec counts, at each quality, with the better of the teacher
// and of the first pair's pixel entrance and tail (top-1, then divergence).
// HEIC and AVIF are coded once and counted twice: the whole file, and without
// its container. A codec's name that occurs again gets a number: "patch-m #2".
//
// All sections are loaded before the first is measured. Errors as LoadPairs and
// EvalSet::Open; InvalidArgument for a rate that a codec has not, a teacher of
// another number of classes or input range, or for another task than a
// classification, a negative limit; otherwise that of the first picture that
// fails, which it names.
absl::StatusOr<std::vector<Evaluation>> RunEval(
    const std::vector<EvalOptions>& sections);

}  // namespace sluice::train
