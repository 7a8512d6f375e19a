// The `entropic_student` family's encoder, layer by layer sc2-benchmark's.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "common/model/codec_networks.h"
#include "common/model/entropic_student.h"
#include "common/model/gdn.h"
#include "common/model/layers.h"
#include "common/model/weights.h"

namespace sluice::model {

// Pictures [N,3,H,W], H and W multiples of 4 -> latents [N,b,H/4-1,W/4-1]:
// convolutions without bias "0" (5x5, stride 2, 4b), "2" (5x5, stride 2, 2b)
// and "4" (2x2, b), divided by GDN1 "1" and "3" in between. 138,672 weights and
// 588 million multiply-accumulates at 224 x 224 for b = 24.
class EntropicEncoder : public EncoderNetwork {
 public:
  static absl::StatusOr<EntropicEncoder> Create(
      const EntropicStudentShape& shape, const Weights& weights);
  at::Tensor operator()(const at::Tensor& pictures) const override;
  double Macs(int height, int width) const override;

 private:
  Conv conv0_;
  Gdn1 gdn1_;
  Conv conv2_;
  Gdn1 gdn3_;
  Conv conv4_;
};

// Fresh weights for training.
Weights InitEntropicEncoder(const EntropicStudentShape& shape,
                            const at::Generator& generator);

}  // namespace sluice::model
