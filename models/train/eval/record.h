// An evaluation's figures, kept in the artifacts that it measured.
#pragma once

#include <cstddef>
#include <filesystem>

#include "absl/status/status.h"
#include "models/train/figures/evaluation.h"
#include "models/train/figures/figures.h"

namespace sluice::train {

// Keeps the main figures of one learned method in the "about" of codec.json and
// tail.json; ids and everything else stay. "measured" is a list of what was
// measured: task, data, subset, view, num_images, uncompressed, points and
// others. An entry of the same data, subset and view, behind the same codec or
// before the same tail, is replaced; so is a "measured" that is no list. Bytes
// to a tenth, shares to four decimals, by the keys of the task (task_words.h);
// a detection or segmentation has its classes at the usual setting.
// FailedPrecondition when the codec's id is not the method's, InvalidArgument
// when an "about" is something else than an object, otherwise the errors of
// loading; nothing is written then.
// REQUIRES: `method` is an index of a learned one.
absl::Status RecordMethod(const Evaluation& evaluation,
                          const EvaluationFigures& figures, size_t method,
                          const std::filesystem::path& codec,
                          const std::filesystem::path& tail);

}  // namespace sluice::train
