// The codec while it is being trained: its weights and the networks over them.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/codec_networks.h"
#include "common/model/latent_model.h"
#include "common/model/mobilenet_v2.h"
#include "models/train/training/recipe.h"
#include "models/train/training/teacher_parts.h"

namespace sluice::train {

// All weights under one namespace: "encoder.", "decoder.", "entrance." and the
// latent model's, "rate." or "entropy_bottleneck.". The networks share their
// storage.
struct CodecStudent {
  model::Weights weights;
  std::unique_ptr<model::EncoderNetwork> encoder;
  std::unique_ptr<model::DecoderNetwork> decoder;
  std::unique_ptr<model::LatentModel> latent;
  model::MobileNetEntrance entrance;
};

absl::StatusOr<CodecStudent> BuildCodecStudent(const Recipe& recipe,
                                               model::Weights weights);

// Fresh: encoder and decoder network random, the density and gains, or the last
// layer in their place, fitted to the untrained latent, the decoder network's
// output to the features' mean and variance, the pixel entrance a copy of the
// teacher's. On the CPU.
absl::StatusOr<model::Weights> InitCodecWeights(const Recipe& recipe,
                                                const TeacherParts& teacher,
                                                const FeatureMetric& metric,
                                                const PictureBatches& pictures);

// From a shipped codec with the recipe's decoder network, gains and medians
// included; the density, which is not shipped, is fresh, and so is an encoder
// of another shape. On the CPU.
absl::StatusOr<model::Weights> WeightsFromCodec(
    const Recipe& recipe, const artifact::CodecArtifact& codec,
    const PictureBatches& pictures);

// Counts symbols of random crops of training pictures with the float32 encoder
// that devices run, then writes the artifact. Returns the codec id.
// REQUIRES: `weights` are on the CPU.
absl::StatusOr<std::string> ExportCodec(const Recipe& recipe,
                                        const model::Weights& weights,
                                        const PictureBatches& pictures,
                                        const nlohmann::json& about,
                                        const std::filesystem::path& folder);

}  // namespace sluice::train
