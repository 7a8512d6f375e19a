#include "common/model/patch_decoder.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "common/model/field_reader.h"
#include "common/model/patch_family.h"
#include "nlohmann/json.hpp"

namespace sluice::model {

absl::StatusOr<PatchDecoderShape> PatchDecoderShapeOf(
    const artifact::CodecSpec& spec) {
  SLUICE_RETURN_IF_ERROR(CheckStrides(spec, kPatchStride,
                                      /*latent_trim=*/0, kPatchStride));
  FieldReader fields(spec.decoder, "codec.json: canonical.decoder");
  PatchDecoderShape shape;
  shape.latent_channels = spec.latent_channels;
  shape.num_rates = spec.num_rates;
  shape.width = fields.Take("width", kMaxPatchWidth);
  shape.block_channels = fields.Take("block_channels", kMaxPatchWidth);
  shape.num_blocks = fields.Take("num_blocks", kMaxPatchBlocks);
  shape.features_channels = spec.features_channels;
  SLUICE_RETURN_IF_ERROR(fields.status());
  return shape;
}

nlohmann::json ToJson(const PatchDecoderShape& shape) {
  return {{"width", shape.width},
          {"block_channels", shape.block_channels},
          {"num_blocks", shape.num_blocks}};
}

absl::StatusOr<PatchDecoder> PatchDecoder::Create(
    const PatchDecoderShape& shape, const Weights& weights) {
  WeightReader reader(weights);
  PatchDecoder decoder;
  decoder.stem_ =
      Conv(reader, "stem", Pointwise(shape.latent_channels, shape.width));
  decoder.rate_scale_ =
      reader.Take("rate_scale", {shape.num_rates, shape.width});
  decoder.rate_shift_ =
      reader.Take("rate_shift", {shape.num_rates, shape.width});
  decoder.blocks_ =
      ReadBlocks(reader, shape.num_blocks, shape.width, shape.block_channels);
  decoder.head_ =
      Conv(reader, "head", Pointwise(shape.width, shape.features_channels));
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return decoder;
}

at::Tensor PatchDecoder::operator()(const at::Tensor& y_hat,
                                    const at::Tensor& rates) const {
  at::Tensor x = stem_(y_hat.contiguous(at::MemoryFormat::ChannelsLast));
  const auto per_sample = [&](const at::Tensor& table) {
    return at::index_select(table, 0, rates)
        .to(x.scalar_type())
        .unsqueeze(-1)
        .unsqueeze(-1);
  };
  x = x * (per_sample(rate_scale_) + 1.0) + per_sample(rate_shift_);
  for (const BottleneckBlock& block : blocks_) x = block(x);
  return head_(x);
}

double PatchDecoder::Macs(int latent_height, int latent_width) const {
  const double positions = static_cast<double>(latent_height) * latent_width;
  double macs = stem_.Macs(positions) + head_.Macs(positions);
  for (const BottleneckBlock& block : blocks_) macs += block.Macs(positions);
  return macs;
}

Weights InitPatchDecoder(const PatchDecoderShape& shape,
                         const at::Generator& generator) {
  Weights weights;
  InitConv("stem", Pointwise(shape.latent_channels, shape.width), 0.7,
           generator, &weights);
  weights["rate_scale"] = at::zeros({shape.num_rates, shape.width});
  weights["rate_shift"] = at::zeros({shape.num_rates, shape.width});
  InitBlocks(shape.num_blocks, shape.width, shape.block_channels, generator,
             &weights);
  InitConv("head", Pointwise(shape.width, shape.features_channels), 0.3,
           generator, &weights);
  return weights;
}

}  // namespace sluice::model
