// The `patch` family's decoder network: y_hat to the backbone's features.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/codec_networks.h"
#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

// codec.json's "decoder" object; channels and rates come from elsewhere in it.
struct PatchDecoderShape {
  int latent_channels = 32;
  int num_rates = 1;
  int width = 128;
  int block_channels = 64;
  int num_blocks = 6;
  int features_channels = 32;
};

// Errors as PatchEncoderShapeOf's.
absl::StatusOr<PatchDecoderShape> PatchDecoderShapeOf(
    const artifact::CodecSpec& spec);
nlohmann::json ToJson(const PatchDecoderShape& shape);

// y_hat [N,latent_channels,h,w] with rate indices int64 [N] -> features
// [N,features_channels,h,w]. A rate is a scale and a shift per channel.
class PatchDecoder : public DecoderNetwork {
 public:
  static absl::StatusOr<PatchDecoder> Create(const PatchDecoderShape& shape,
                                             const Weights& weights);
  at::Tensor operator()(const at::Tensor& y_hat,
                        const at::Tensor& rates) const override;
  double Macs(int latent_height, int latent_width) const override;

 private:
  Conv stem_;
  at::Tensor rate_scale_;  // [R,width]
  at::Tensor rate_shift_;
  std::vector<BottleneckBlock> blocks_;
  Conv head_;
};

// Fresh weights for training.
Weights InitPatchDecoder(const PatchDecoderShape& shape,
                         const at::Generator& generator);

}  // namespace sluice::model
