// The `entropic_student` family's decoder network, to the backbone's features.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "common/model/codec_networks.h"
#include "common/model/entropic_student.h"
#include "common/model/gdn.h"
#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

// y_hat [N,b,h,w], h and w odd -> features [N,F,(h+1)/2,(w+1)/2]. The layers
// are sc2-benchmark's: convolutions of 2x2 "0" (2t, padded), "2" (t) and "4"
// (F, padded), multiplied by GDN1 "1" and "3" in between. Two things are ours,
// as the seam is at 1/8 instead of 1/4: "0" has stride 2, so that all the work
// is on the features' grid and buys width there, and "4" has a bias, as these
// features have a mean. With t = 152 it costs 262 million multiply-accumulates
// at 224 x 224, about the `patch` decoder's 257.
class EntropicDecoder : public DecoderNetwork {
 public:
  static absl::StatusOr<EntropicDecoder> Create(
      const EntropicStudentShape& shape, const Weights& weights);
  at::Tensor operator()(const at::Tensor& y_hat,
                        const at::Tensor& rates) const override;
  double Macs(int latent_height, int latent_width) const override;

 private:
  Conv conv0_;
  Gdn1 gdn1_;
  Conv conv2_;
  Gdn1 gdn3_;
  Conv conv4_;
};

// Fresh weights for training.
Weights InitEntropicDecoder(const EntropicStudentShape& shape,
                            const at::Generator& generator);

}  // namespace sluice::model
