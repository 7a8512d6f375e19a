// Logits to the best classes.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

// Softmax, then the `top_k` best classes whose probability reaches
// `score_threshold`, best first; equal ones in order of index. Internal when a
// logit is NaN or infinite. REQUIRES: logits and labels of equal size,
// top_k >= 1.
absl::StatusOr<v1::Classification> ClassifyLogits(
    std::span<const float> logits, std::span<const std::string> labels,
    int top_k, float score_threshold);

}  // namespace sluice::server
