// The tasks a tail may have, and what each must return.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"
#include "common/model/tail.h"

namespace sluice::server {

enum class TailTask { kClassification, kDetection, kSegmentation, kTensors };

// By its name in tail.json. InvalidArgument for any other.
absl::StatusOr<TailTask> ParseTailTask(const std::string& name);

// Internal, saying what was expected and found, unless `outputs` are what
// model::Tail::Run promises for `num_samples` pictures and `num_labels` labels.
// Of the task "tensors": at least one, of distinct names, a row per sample.
absl::Status CheckTailOutputs(TailTask task, int64_t num_samples,
                              int64_t num_labels,
                              const std::vector<model::NamedTensor>& outputs);

// The numbers of sample `row` in a tensor [N,...]. REQUIRES: row < N.
std::span<const float> RowOf(const base::FloatTensor& tensor, size_t row);

}  // namespace sluice::server
