// An evaluation's figures, kept in the artifacts that it measured.
#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "models/train/eval.h"

namespace sluice::train {

// Replaces "measured" in the "about" of codec.json and tail.json by the
// report's main figures; ids and everything else stay. Bytes to a tenth, shares
// to four decimals.
// FailedPrecondition when the codec's id is not the report's, InvalidArgument
// when an "about" is something else than an object, otherwise the errors of
// loading; nothing is written then.
absl::Status RecordReport(const EvalReport& report,
                          const std::filesystem::path& codec,
                          const std::filesystem::path& tail);

}  // namespace sluice::train
