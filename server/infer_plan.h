// What a request asks for, checked against what is loaded, before any work.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/frame.h"
#include "common/vision/geometry.h"
#include "server/model_store.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::server {

// How an input reaches the features: a frame's latent through the decoder
// network, or a picture through the pixel entrance.
enum class Entrance { kLatent, kPixels };

struct InferPlan {
  Entrance entrance = Entrance::kLatent;
  const LoadedCodec* codec = nullptr;    // Of all the tails.
  std::vector<const LoadedTail*> tails;  // Distinct, in the request's order.
  codec::Frame frame;  // kLatent: a view into the request, not yet decoded.
  std::optional<vision::ViewRule> view;  // kPixels; none: the picture as it is.
  int top_k = 5;
  float score_threshold = 0.0f;
  size_t memory_bytes = 0;  // Upper bound of message and decoded input.
};

// Reads headers and checksums, decodes nothing. The plan points into `store`
// and `request`. InvalidArgument for a malformed request, DataLoss for a
// damaged frame, NotFound for an unknown tail or codec, FailedPrecondition when
// frame and tails, or the tails themselves, differ in codec, ResourceExhausted
// when declared sizes exceed a limit.
absl::StatusOr<InferPlan> MakeInferPlan(const v1::InferRequest& request,
                                        const ModelStore& store);

}  // namespace sluice::server
