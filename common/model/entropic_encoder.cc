#include "common/model/entropic_encoder.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"

namespace sluice::model {
namespace {

ConvSpec Square5(int in_channels, int out_channels) {
  return {.in_channels = in_channels,
          .out_channels = out_channels,
          .kernel = 5,
          .stride = 2,
          .padding = Padding::kHalf,
          .has_bias = false};
}

ConvSpec Conv0(const EntropicStudentShape& shape) {
  return Square5(3, 4 * shape.latent_channels);
}

ConvSpec Conv2(const EntropicStudentShape& shape) {
  return Square5(4 * shape.latent_channels, 2 * shape.latent_channels);
}

ConvSpec Conv4(const EntropicStudentShape& shape) {
  return {.in_channels = 2 * shape.latent_channels,
          .out_channels = shape.latent_channels,
          .kernel = 2,
          .padding = Padding::kValid,
          .has_bias = false};
}

}  // namespace

absl::StatusOr<EntropicEncoder> EntropicEncoder::Create(
    const EntropicStudentShape& shape, const Weights& weights) {
  constexpr auto kDivide = Gdn1::Direction::kDivide;
  WeightReader reader(weights);
  EntropicEncoder encoder;
  encoder.conv0_ = Conv(reader, "0", Conv0(shape));
  encoder.gdn1_ = Gdn1(reader, "1", 4 * shape.latent_channels, kDivide);
  encoder.conv2_ = Conv(reader, "2", Conv2(shape));
  encoder.gdn3_ = Gdn1(reader, "3", 2 * shape.latent_channels, kDivide);
  encoder.conv4_ = Conv(reader, "4", Conv4(shape));
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return encoder;
}

at::Tensor EntropicEncoder::operator()(const at::Tensor& pictures) const {
  // Without biases and with odd divisions, f(-x) = -f(x): of pictures around 0
  // it could not tell a dark edge's strength from a bright one's. Black is 0.
  const at::Tensor shifted =
      pictures.contiguous(at::MemoryFormat::ChannelsLast) + 1;
  const at::Tensor x = gdn1_(conv0_(shifted));
  return conv4_.InFloat32(gdn3_(conv2_(x)));
}

double EntropicEncoder::Macs(int height, int width) const {
  const double half = height / 2.0 * width / 2.0;
  const double quarter = height / 4.0 * width / 4.0;
  const double latent = (height / 4.0 - 1) * (width / 4.0 - 1);
  return conv0_.Macs(half) + gdn1_.Macs(half) + conv2_.Macs(quarter) +
         gdn3_.Macs(quarter) + conv4_.Macs(latent);
}

Weights InitEntropicEncoder(const EntropicStudentShape& shape,
                            const at::Generator& generator) {
  Weights weights;
  InitConv("0", Conv0(shape), 1.0, generator, &weights);
  InitGdn1("1", 4 * shape.latent_channels, &weights);
  InitConv("2", Conv2(shape), 1.0, generator, &weights);
  InitGdn1("3", 2 * shape.latent_channels, &weights);
  InitConv("4", Conv4(shape), 1.0, generator, &weights);
  return weights;
}

}  // namespace sluice::model
