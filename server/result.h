// A task's tensors to the result that its tail answers with.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/tail.h"
#include "server/infer_plan.h"
#include "server/model_store.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

// Adds to `response` what `tail` says about the picture that row `row` of its
// checked outputs is about. A tail that failed, whose numbers make no result or
// whose result takes the response beyond `max_message_bytes`
// (ResourceExhausted) gets a result with that error; the others stay.
void AddResult(const LoadedTail& tail,
               const absl::StatusOr<std::vector<model::NamedTensor>>& outputs,
               size_t row, const InferPlan& plan, size_t max_message_bytes,
               v1::InferResponse* response);

// Upper bound of the bytes that AddResult adds for `tail`; SIZE_MAX when only
// the network knows.
size_t MaxResultBytes(const LoadedTail& tail, const InferPlan& plan);

}  // namespace sluice::server
