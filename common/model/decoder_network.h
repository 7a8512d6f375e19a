// The server's half of a codec: y_hat or a plain picture in, features out.
#pragma once

#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/float_tensor.h"

namespace sluice::model {

// Both entrances to the seam. Immutable after loading: calls from several
// threads are safe, though only tail runners make them.
class FeatureDecoder {
 public:
  virtual ~FeatureDecoder() = default;

  // y_hat float32 [N,C,h,w] with one rate index per sample -> features
  // [N,F,h',w'] by the codec's shape rule.
  virtual absl::StatusOr<base::FloatTensor> Decode(
      const base::FloatTensor& y_hat, std::span<const int> rates) const = 0;

  // The pixel entrance: preprocessed pictures float32 [N,3,H,W] -> features.
  virtual absl::StatusOr<base::FloatTensor> Enter(
      const base::FloatTensor& pictures) const = 0;

  // Multiply-accumulates of Decode for an H x W picture.
  virtual double DecodeMacs(int height, int width) const = 0;
};

// Errors as LoadEncoder's.
absl::StatusOr<std::unique_ptr<FeatureDecoder>> LoadFeatureDecoder(
    const artifact::CodecArtifact& codec);

}  // namespace sluice::model
