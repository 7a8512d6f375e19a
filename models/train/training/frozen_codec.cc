#include "models/train/training/frozen_codec.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "models/train/training/compute_device.h"

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

int NumEntrances(std::span<const FrozenCodec> codecs) {
  int sum = 0;
  for (const FrozenCodec& codec : codecs) sum += codec.num_rates() + 1;
  return sum;
}

MixedFeatures MixFeatures(std::span<const FrozenCodec> codecs,
                          const at::Tensor& pictures, double pixel_share,
                          uint64_t seed, int64_t index) {
  const at::NoGradGuard no_grad;
  at::Generator generator = at::detail::createCPUGenerator(
      seed * 1000003 + static_cast<uint64_t>(index));
  const int64_t num_pixel = static_cast<int64_t>(
      pixel_share * static_cast<double>(pictures.size(0)) + 0.5);
  const size_t turn = index % codecs.size();
  const FrozenCodec& codec = codecs[turn];
  const at::Tensor rates = at::randint(
      codec.num_rates(), {pictures.size(0) - num_pixel}, generator, at::kLong);
  std::vector<at::Tensor> features;
  if (num_pixel < pictures.size(0)) {
    features.push_back(codec.Features(pictures.slice(0, num_pixel),
                                      rates.to(pictures.device())));
  }
  if (num_pixel > 0) {
    const at::Tensor entered = codec.Enter(pictures.slice(0, 0, num_pixel));
    features.insert(features.begin(),
                    features.empty()
                        ? entered
                        : entered.to(features.front().scalar_type()));
  }
  return {
      .features = at::cat(features),
      .entrances = at::cat({at::full({num_pixel}, codec.num_rates(), at::kLong),
                            rates}) +
                   NumEntrances(codecs.first(turn))};
}

}  // namespace sluice::train
