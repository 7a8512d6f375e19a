// The `patch` family's encoder: patches to a latent at 1/8 resolution.
//
// After Duan & Zhu, "Efficient feature compression for edge-cloud systems"
// (PCS 2022). A rate is a gain per channel outside of it (rate_model.h), so
// that choosing one costs no second pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/codec_networks.h"
#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

// codec.json's "encoder" object; latent_channels comes from its geometry.
struct PatchEncoderShape {
  int stem_channels = 48;   // After the 4x4 stride-4 convolution.
  int width = 128;          // Of the residual stream, after 2x2 stride 2.
  int block_channels = 56;  // Inside a bottleneck block.
  int num_blocks = 3;
  int latent_channels = 32;
};

// InvalidArgument naming the field of codec.json when it is missing or outside
// its range, or for strides that are not the family's. REQUIRES: the spec is of
// this family.
absl::StatusOr<PatchEncoderShape> PatchEncoderShapeOf(
    const artifact::CodecSpec& spec);
nlohmann::json ToJson(const PatchEncoderShape& shape);

// Pictures [N,3,H,W] in [-1,1], H and W multiples of 8 -> latents
// [N,latent_channels,H/8,W/8].
class PatchEncoder : public EncoderNetwork {
 public:
  static absl::StatusOr<PatchEncoder> Create(const PatchEncoderShape& shape,
                                             const Weights& weights);
  at::Tensor operator()(const at::Tensor& pictures) const override;
  double Macs(int height, int width) const override;

 private:
  Conv stem4_;
  Conv stem2_;
  std::vector<BottleneckBlock> blocks_;
  Conv head_;
};

// Fresh weights for training.
Weights InitPatchEncoder(const PatchEncoderShape& shape,
                         const at::Generator& generator);

}  // namespace sluice::model
