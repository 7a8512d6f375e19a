// A codec with both halves loaded, one function per arrow of the pipeline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"
#include "common/base/float_tensor.h"
#include "common/codec/frame.h"
#include "common/model/decoder_network.h"
#include "common/model/encoder.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"

namespace sluice::train {

// What the network sees of a picture, and how it came about.
struct NetworkInput {
  vision::Geometry geometry;
  vision::Picture view;     // geometry.valid pixels.
  base::FloatTensor input;  // float32 [3,H,W], geometry.padded pixels.
};

// One caller at a time.
class LoadedCodec {
 public:
  // Errors as artifact::LoadCodec's and the networks' loaders'. `num_threads`
  // as for model::LoadEncoder.
  static absl::StatusOr<LoadedCodec> Load(const std::filesystem::path& folder,
                                          int num_threads);

  const artifact::CodecArtifact& artifact() const { return artifact_; }
  const artifact::CodecSpec& spec() const { return artifact_.spec; }
  const model::FeatureDecoder& decoder() const { return *decoder_; }
  const model::Encoder& encoder() const { return *encoder_; }

  // InvalidArgument unless `rate` is one of the codec's.
  absl::Status CheckRate(int rate) const;

  absl::StatusOr<NetworkInput> MakeInput(const vision::Picture& picture,
                                         const vision::ViewRule& rule) const;
  // The view again, with other pixels: a decoded JPEG of it, for example.
  absl::StatusOr<base::FloatTensor> ViewToInput(
      const vision::Picture& view, const vision::Geometry& geometry) const;
  // float32 [3,H,W] -> latent [C,h,w].
  absl::StatusOr<base::FloatTensor> EncodeLatent(
      const base::FloatTensor& input);
  absl::StatusOr<std::vector<uint8_t>> LatentToFrame(
      const base::FloatTensor& latent, int rate) const;
  absl::StatusOr<codec::DecodedFrame> FrameToYHat(
      std::span<const uint8_t> frame) const;

 private:
  LoadedCodec(artifact::CodecArtifact artifact,
              std::unique_ptr<model::Encoder> encoder,
              std::unique_ptr<model::FeatureDecoder> decoder)
      : artifact_(std::move(artifact)),
        encoder_(std::move(encoder)),
        decoder_(std::move(decoder)) {}

  artifact::CodecArtifact artifact_;
  std::unique_ptr<model::Encoder> encoder_;
  std::unique_ptr<model::FeatureDecoder> decoder_;
};

// Equally shaped [...] tensors -> [N,...]. InvalidArgument when shapes differ
// or there are none.
absl::StatusOr<base::FloatTensor> StackTensors(
    std::span<const base::FloatTensor> tensors);

}  // namespace sluice::train
