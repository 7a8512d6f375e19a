// A codec's two networks, whatever its family, as what trains and what serves
// run them.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/model/weights.h"

namespace sluice::model {

// Pictures [N,3,H,W] by the codec's preprocessing, H and W multiples of its
// pad_multiple -> latents [N,C,h,w] by its geometry rule. The latent is
// float32, also under autocast.
class EncoderNetwork {
 public:
  virtual ~EncoderNetwork() = default;
  virtual at::Tensor operator()(const at::Tensor& pictures) const = 0;
  // Multiply-accumulates for an H x W picture.
  virtual double Macs(int height, int width) const = 0;
};

// y_hat [N,C,h,w] with rate indices int64 [N] -> features [N,F,h',w'].
class DecoderNetwork {
 public:
  virtual ~DecoderNetwork() = default;
  virtual at::Tensor operator()(const at::Tensor& y_hat,
                                const at::Tensor& rates) const = 0;
  // Multiply-accumulates for an h x w latent.
  virtual double Macs(int latent_height, int latent_width) const = 0;
};

// The network of the spec's family over `weights`, which have the names of
// encoder.safetensors, and of decoder.safetensors after "decoder.". NotFound
// for an unknown family, InvalidArgument naming the field or the tensor that
// does not fit.
absl::StatusOr<std::unique_ptr<EncoderNetwork>> MakeEncoderNetwork(
    const artifact::CodecSpec& spec, const Weights& weights);
absl::StatusOr<std::unique_ptr<DecoderNetwork>> MakeDecoderNetwork(
    const artifact::CodecSpec& spec, const Weights& weights);

// For the families themselves: NotFound naming what there is, and
// InvalidArgument for a geometry that a family has not.
absl::Status UnknownFamily(const artifact::CodecSpec& spec);
absl::Status CheckStrides(const artifact::CodecSpec& spec, int latent_stride,
                          int latent_trim, int features_stride);

}  // namespace sluice::model
