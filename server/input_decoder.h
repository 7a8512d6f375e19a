// A request's payload to the tensor that enters the compute device.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"
#include "server/infer_plan.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

struct DecodedInput {
  base::FloatTensor tensor;  // y_hat [C,h,w] or a preprocessed picture [3,H,W].
  int rate = 0;              // Of the frame; 0 for pictures.
};

// Entropy decoding, or picture decoding and preprocessing. Slow: never call it
// on a gRPC thread. Errors are codec::DecodeFrame's and vision's.
absl::StatusOr<DecodedInput> DecodeInput(const v1::InferRequest& request,
                                         const InferPlan& plan);

}  // namespace sluice::server
