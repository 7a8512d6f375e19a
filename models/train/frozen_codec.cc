#include "models/train/frozen_codec.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "models/train/compute_device.h"

namespace sluice::train {

absl::StatusOr<FrozenCodec> FrozenCodec::Create(
    const artifact::CodecArtifact& artifact, at::Device device) {
  FrozenCodec codec;
  SLUICE_ASSIGN_OR_RETURN(model::Weights encoder_weights,
                          model::WeightsFromTensors(artifact.encoder));
  SLUICE_ASSIGN_OR_RETURN(model::Weights server_weights,
                          model::WeightsFromTensors(artifact.decoder));
  encoder_weights = OnDevice(encoder_weights, device);
  server_weights = OnDevice(server_weights, device);
  SLUICE_ASSIGN_OR_RETURN(codec.encoder_, model::MakeEncoderNetwork(
                                              artifact.spec, encoder_weights));
  SLUICE_ASSIGN_OR_RETURN(
      codec.decoder_,
      model::MakeDecoderNetwork(
          artifact.spec, model::WithoutPrefix(server_weights, "decoder.")));
  SLUICE_ASSIGN_OR_RETURN(
      codec.entrance_, model::MobileNetEntrance::Create(
                           model::WithoutPrefix(server_weights, "entrance.")));
  const int num_rates = artifact.spec.num_rates;
  const int num_channels = artifact.spec.latent_channels;
  at::Tensor gain = at::empty({num_rates, num_channels}, at::kCPU);
  at::Tensor inverse_gain = at::empty({num_rates, num_channels}, at::kCPU);
  at::Tensor median = at::empty({num_rates, num_channels}, at::kCPU);
  for (int r = 0; r < num_rates; ++r) {
    const std::span<const codec::ChannelTable> tables = artifact.tables.rate(r);
    for (int c = 0; c < num_channels; ++c) {
      const int64_t i = static_cast<int64_t>(r) * num_channels + c;
      gain.data_ptr<float>()[i] = tables[c].gain;
      inverse_gain.data_ptr<float>()[i] = tables[c].inverse_gain;
      median.data_ptr<float>()[i] = tables[c].median;
    }
  }
  codec.gain_ = gain.to(device);
  codec.inverse_gain_ = inverse_gain.to(device);
  codec.median_ = median.to(device);
  return codec;
}

at::Tensor FrozenCodec::Features(const at::Tensor& pictures,
                                 const at::Tensor& rates) const {
  const auto of_rate = [&](const at::Tensor& table) {
    return at::index_select(table, 0, rates).unsqueeze(-1).unsqueeze(-1);
  };
  const at::Tensor y = (*encoder_)(pictures);
  const at::Tensor symbols = at::round(y * of_rate(gain_) - of_rate(median_));
  return (*decoder_)((symbols + of_rate(median_)) * of_rate(inverse_gain_),
                     rates);
}

}  // namespace sluice::train
