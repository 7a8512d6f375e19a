// A shipped `patch` codec as the start of another with more or fewer rates.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/weights.h"
#include "models/train/training/picture_batches.h"
#include "models/train/training/recipe.h"

namespace sluice::train {

// `codec` with a rate per target (mean payload bytes, ascending) in place of
// those that about.target_bytes states. Gains, their inverses and the decoder
// network's scale and shift per rate are interpolated over the logarithm of the
// size; gains beyond either end go on with their own slope. Entropy tables are
// those of the nearest rate, for training to count anew.
// NotFound for another family, InvalidArgument when `codec` does not state its
// targets.
absl::StatusOr<artifact::CodecArtifact> WithRates(
    artifact::CodecArtifact codec, const std::vector<double>& target_bytes);

// Scales each rate's gains, and their inverses the other way, until the symbols
// of `y` [N,C,h,w] have the entropy that the target stands for: mean payload
// bytes of a picture of whose pixels `y` covers `pixel_share`. `rate` holds
// "log_gain", "log_inverse_gain" and "median".
void MatchSizes(const at::Tensor& y, const std::vector<double>& target_bytes,
                double pixel_share, model::Weights* rate);

// Both, then as WeightsFromCodec. On the CPU.
absl::StatusOr<model::Weights> WeightsWithRates(const Recipe& recipe,
                                                artifact::CodecArtifact codec,
                                                const PictureBatches& pictures);

}  // namespace sluice::train
