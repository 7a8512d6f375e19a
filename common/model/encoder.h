// The device's network: a picture tensor in, a latent out. No Torch in here.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/float_tensor.h"

namespace sluice::model {

// Another backend (ncnn, ONNX Runtime) can stand behind this.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // `input` is float32 [3,H,W], preprocessed, H and W multiples of the codec's
  // pad_multiple. Returns the latent, float32 [C,h,w] by its geometry rule.
  // InvalidArgument for another shape. One caller at a time.
  virtual absl::StatusOr<base::FloatTensor> Encode(
      const base::FloatTensor& input) = 0;

  // Multiply-accumulates (convolutions and linear layers) for an H x W input.
  virtual double Macs(int height, int width) const = 0;
};

// Builds the family's encoder and loads codec.encoder. InvalidArgument naming
// the tensor when weights are missing, surplus or of another shape; NotFound
// for an unknown family. `num_threads` bounds LibTorch's intra-op pool of the
// thread that encodes (0: one per core).
absl::StatusOr<std::unique_ptr<Encoder>> LoadEncoder(
    const artifact::CodecArtifact& codec, int num_threads);

}  // namespace sluice::model
