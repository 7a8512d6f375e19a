#include "common/model/entropic_decoder.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"

namespace sluice::model {
namespace {

ConvSpec Conv0(const EntropicStudentShape& shape) {
  return {.in_channels = shape.latent_channels,
          .out_channels = 2 * shape.decoder_width,
          .kernel = 2,
          .stride = 2,
          .padding = Padding::kHalf,
          .has_bias = false};
}

ConvSpec Conv2(const EntropicStudentShape& shape) {
  return {.in_channels = 2 * shape.decoder_width,
          .out_channels = shape.decoder_width,
          .kernel = 2,
          .padding = Padding::kValid,
          .has_bias = false};
}

ConvSpec Conv4(const EntropicStudentShape& shape) {
  return {.in_channels = shape.decoder_width,
          .out_channels = shape.features_channels,
          .kernel = 2,
          .padding = Padding::kHalf};
}

}  // namespace

absl::StatusOr<EntropicDecoder> EntropicDecoder::Create(
    const EntropicStudentShape& shape, const Weights& weights) {
  constexpr auto kMultiply = Gdn1::Direction::kMultiply;
  WeightReader reader(weights);
  EntropicDecoder decoder;
  decoder.conv0_ = Conv(reader, "0", Conv0(shape));
  decoder.gdn1_ = Gdn1(reader, "1", 2 * shape.decoder_width, kMultiply);
  decoder.conv2_ = Conv(reader, "2", Conv2(shape));
  decoder.gdn3_ = Gdn1(reader, "3", shape.decoder_width, kMultiply);
  decoder.conv4_ = Conv(reader, "4", Conv4(shape));
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return decoder;
}

at::Tensor EntropicDecoder::operator()(const at::Tensor& y_hat,
                                       const at::Tensor& /*rates*/) const {
  const at::Tensor x =
      gdn1_(conv0_(y_hat.contiguous(at::MemoryFormat::ChannelsLast)));
  return conv4_(gdn3_(conv2_(x)));
}

double EntropicDecoder::Macs(int latent_height, int latent_width) const {
  const int height = (latent_height + 1) / 2;
  const int width = (latent_width + 1) / 2;
  const double outer = static_cast<double>(height) * width;
  const double inner = static_cast<double>(height - 1) * (width - 1);
  return conv0_.Macs(outer) + gdn1_.Macs(outer) + conv2_.Macs(inner) +
         gdn3_.Macs(inner) + conv4_.Macs(outer);
}

// Scales for a latent of standard deviation 1: about 1 after every layer.
Weights InitEntropicDecoder(const EntropicStudentShape& shape,
                            const at::Generator& generator) {
  Weights weights;
  InitConv("0", Conv0(shape), 0.7, generator, &weights);
  InitGdn1("1", 2 * shape.decoder_width, &weights);
  InitConv("2", Conv2(shape), 0.65, generator, &weights);
  InitGdn1("3", shape.decoder_width, &weights);
  InitConv("4", Conv4(shape), 0.3, generator, &weights);
  return weights;
}

}  // namespace sluice::model
