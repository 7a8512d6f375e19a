// The training that fits a shipped codec to a camera's frames.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/artifact/tail_artifact.h"
#include "models/train/training/teacher_parts.h"
#include "models/train/training/train.h"
#include "models/train/training/training_data.h"

namespace sluice::train {

inline constexpr int kAdaptCrop = 160;

// The codec's own pixel entrance with the tail behind it, on `device`.
// REQUIRES: a classification of family mobilenetv2.
absl::StatusOr<TeacherParts> TeacherFromArtifacts(
    const artifact::CodecArtifact& codec, const artifact::TailArtifact& tail,
    at::Device device);

struct AdaptTraining {
  const artifact::CodecArtifact& codec;
  const TrainingData& data;
  const FeatureMetric& metric;
  std::string name;  // Of the codec that comes out.
  int steps = 0;
  uint64_t seed = 0;
};

// What decides symbols, anew.
struct AdaptedEncoder {
  artifact::TensorMap encoder;
  codec::CodecTables tables;  // New gains and medians, the codec's old CDFs.
};

// Trains encoder, gains, medians and density; decoder network and pixel
// entrance stay. Each rate is held at the bits that it costs on these frames
// before, so that gain shows as less distortion. Of `options`, `out`, `resume`
// and `max_steps` count, as for RunPhases, whose errors these are.
// REQUIRES: family patch.
absl::StatusOr<AdaptedEncoder> AdaptEncoder(const AdaptTraining& training,
                                            const TrainOptions& options);

}  // namespace sluice::train
