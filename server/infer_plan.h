// What a request asks for, checked against what is loaded, before any work.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "common/codec/frame.h"
#include "common/vision/geometry.h"
#include "server/limits.h"
#include "server/model_store.h"
#include "server/segmentation.h"
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
  // How the network's input lies in the source. kLatent: what the request says;
  // the padded input is its own source when it says nothing.
  vision::Geometry geometry;
  int top_k = 5;
  float score_threshold = 0.0f;
  MaskOptions mask;
  // Upper bound of message, decoded input and results.
  size_t memory_bytes = 0;
};

// Reads headers and checksums, decodes nothing. The plan points into `store`
// and `request`. InvalidArgument for a malformed request, DataLoss for a
// damaged frame, NotFound for an unknown tail or codec, FailedPrecondition when
// frame and tails, or the tails themselves, differ in codec, ResourceExhausted
// when declared sizes exceed a limit.
absl::StatusOr<InferPlan> MakeInferPlan(const v1::InferRequest& request,
                                        const ModelStore& store,
                                        const ServerLimits& limits);

}  // namespace sluice::server
