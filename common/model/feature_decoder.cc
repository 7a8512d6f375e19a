#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/model/codec_networks.h"
#include "common/model/decoder_network.h"
#include "common/model/mobilenet_v2.h"
#include "common/model/tensor_bridge.h"

namespace sluice::model {
namespace {

class TorchFeatureDecoder : public FeatureDecoder {
 public:
  TorchFeatureDecoder(artifact::CodecSpec spec,
                      std::unique_ptr<DecoderNetwork> decoder,
                      MobileNetEntrance entrance)
      : spec_(std::move(spec)),
        decoder_(std::move(decoder)),
        entrance_(std::move(entrance)) {}

  absl::StatusOr<base::FloatTensor> Decode(
      const base::FloatTensor& y_hat,
      std::span<const int> rates) const override {
    SLUICE_RETURN_IF_ERROR(
        CheckShape(y_hat, {-1, spec_.latent_channels, -1, -1}, "y_hat"));
    SLUICE_RETURN_IF_ERROR(
        artifact::CheckLatentSides(spec_, static_cast<int>(y_hat.shape[2]),
                                   static_cast<int>(y_hat.shape[3])));
    if (static_cast<int64_t>(rates.size()) != y_hat.shape[0]) {
      return absl::InvalidArgumentError(
          absl::StrCat("rates: expected one per sample, ", y_hat.shape[0],
                       ", found ", rates.size()));
    }
    at::Tensor indices = at::empty({y_hat.shape[0]}, at::kLong);
    for (size_t i = 0; i < rates.size(); ++i) {
      if (rates[i] < 0 || rates[i] >= spec_.num_rates) {
        return absl::InvalidArgumentError(absl::StrCat(
            "rate: expected 0..", spec_.num_rates - 1, ", found ", rates[i]));
      }
      indices.data_ptr<int64_t>()[i] = rates[i];
    }
    return RunNetwork([&] { return (*decoder_)(ToTorch(y_hat), indices); });
  }

  absl::StatusOr<base::FloatTensor> Enter(
      const base::FloatTensor& pictures) const override {
    SLUICE_RETURN_IF_ERROR(CheckShape(pictures, {-1, 3, -1, -1}, "pictures"));
    if (pictures.shape[2] % spec_.pad_multiple != 0 ||
        pictures.shape[3] % spec_.pad_multiple != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "pictures: expected sides that are multiples of ", spec_.pad_multiple,
          ", found ", base::ShapeToString(pictures.shape)));
    }
    return RunNetwork([&] { return entrance_(ToTorch(pictures)); });
  }

  double DecodeMacs(int height, int width) const override {
    return decoder_->Macs(artifact::LatentSide(spec_, height),
                          artifact::LatentSide(spec_, width));
  }

 private:
  artifact::CodecSpec spec_;
  std::unique_ptr<DecoderNetwork> decoder_;
  MobileNetEntrance entrance_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FeatureDecoder>> LoadFeatureDecoder(
    const artifact::CodecArtifact& codec) {
  if (codec.spec.features_channels != kMobileNetSeamChannels) {
    return absl::InvalidArgumentError(absl::StrCat(
        "codec.json: canonical.geometry.features_channels: expected ",
        kMobileNetSeamChannels, ", found ", codec.spec.features_channels));
  }
  SLUICE_ASSIGN_OR_RETURN(const Weights weights,
                          WeightsFromTensors(codec.decoder));
  const Weights decoder_weights = WithoutPrefix(weights, "decoder.");
  const Weights entrance_weights = WithoutPrefix(weights, "entrance.");
  if (decoder_weights.size() + entrance_weights.size() != weights.size()) {
    return absl::InvalidArgumentError(
        "decoder.safetensors: expected tensors named decoder.* and entrance.* "
        "only");
  }
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<DecoderNetwork> decoder,
                          MakeDecoderNetwork(codec.spec, decoder_weights));
  SLUICE_ASSIGN_OR_RETURN(MobileNetEntrance entrance,
                          MobileNetEntrance::Create(entrance_weights));
  return std::make_unique<TorchFeatureDecoder>(codec.spec, std::move(decoder),
                                               std::move(entrance));
}

}  // namespace sluice::model
