// An evaluation's figures, kept in the artifacts that it measured.
#pragma once

#include <cstddef>
#include <filesystem>

#include "absl/status/status.h"
#include "models/train/evaluation.h"
#include "models/train/figures.h"

namespace sluice::train {

// Replaces "measured" in the "about" of codec.json and tail.json by the main
// figures of one learned method; ids and everything else stay. Bytes to a
// tenth, shares to four decimals. A tail of several codecs keeps the figures
// that were recorded last.
// FailedPrecondition when the codec's id is not the method's, InvalidArgument
// when an "about" is something else than an object, otherwise the errors of
// loading; nothing is written then.
// REQUIRES: `method` is an index of a learned one.
absl::Status RecordMethod(const Evaluation& evaluation,
                          const EvaluationFigures& figures, size_t method,
                          const std::filesystem::path& codec,
                          const std::filesystem::path& tail);

}  // namespace sluice::train
