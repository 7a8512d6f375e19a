// A shipped codec inside a training step: pictures to the features it yields.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/codec_networks.h"
#include "common/model/mobilenet_v2.h"

namespace sluice::train {

// Quantizes as the quantizer does; entropy coding is lossless and left out.
class FrozenCodec {
 public:
  // On `device`, where its inputs have to be.
  static absl::StatusOr<FrozenCodec> Create(
      const artifact::CodecArtifact& artifact, at::Device device);

  int num_rates() const { return static_cast<int>(gain_.size(0)); }
  // Pictures [N,3,H,W], rates int64 [N] -> features [N,F,h,w].
  at::Tensor Features(const at::Tensor& pictures,
                      const at::Tensor& rates) const;
  // Through the pixel entrance.
  at::Tensor Enter(const at::Tensor& pictures) const {
    return entrance_(pictures);
  }

 private:
  std::unique_ptr<model::EncoderNetwork> encoder_;
  std::unique_ptr<model::DecoderNetwork> decoder_;
  model::MobileNetEntrance entrance_;
  at::Tensor gain_, inverse_gain_, median_;  // [R,C]
};

// What a tail learns from: features of a batch by the entrances that it meets
// in the field.
struct MixedFeatures {
  at::Tensor features;   // [N,F,h,w]
  at::Tensor entrances;  // int64 [N]: the codecs' rates and pixel entrances,
                         // counted through.
};

// Codecs take turns by `index`. The first `pixel_share` of the pictures
// [N,3,H,W] come through one's pixel entrance, the rest through it at random
// rates, which depend on `seed` and `index` alone. Without gradients.
MixedFeatures MixFeatures(std::span<const FrozenCodec> codecs,
                          const at::Tensor& pictures, double pixel_share,
                          uint64_t seed, int64_t index);

// Rates and pixel entrances of all.
int NumEntrances(std::span<const FrozenCodec> codecs);

}  // namespace sluice::train
