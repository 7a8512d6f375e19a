#include "common/model/patch_encoder.h"

#include <ATen/ATen.h>

#include "common/base/status_macros.h"
#include "common/model/field_reader.h"
#include "common/model/patch_family.h"
#include "nlohmann/json.hpp"

namespace sluice::model {
namespace {

ConvSpec Stem4(const PatchEncoderShape& shape) {
  return {.in_channels = 3,
          .out_channels = shape.stem_channels,
          .kernel = 4,
          .stride = 4,
          .padding = Padding::kValid};
}

ConvSpec Stem2(const PatchEncoderShape& shape) {
  return {.in_channels = shape.stem_channels,
          .out_channels = shape.width,
          .kernel = 2,
          .stride = 2,
          .padding = Padding::kValid};
}

}  // namespace

absl::StatusOr<PatchEncoderShape> PatchEncoderShapeOf(
    const artifact::CodecSpec& spec) {
  SLUICE_RETURN_IF_ERROR(CheckStrides(spec, kPatchStride,
                                      /*latent_trim=*/0, kPatchStride));
  FieldReader fields(spec.encoder, "codec.json: canonical.encoder");
  PatchEncoderShape shape;
  shape.stem_channels = fields.Take("stem_channels", kMaxPatchWidth);
  shape.width = fields.Take("width", kMaxPatchWidth);
  shape.block_channels = fields.Take("block_channels", kMaxPatchWidth);
  shape.num_blocks = fields.Take("num_blocks", kMaxPatchBlocks);
  shape.latent_channels = spec.latent_channels;
  SLUICE_RETURN_IF_ERROR(fields.status());
  return shape;
}

nlohmann::json ToJson(const PatchEncoderShape& shape) {
  return {{"stem_channels", shape.stem_channels},
          {"width", shape.width},
          {"block_channels", shape.block_channels},
          {"num_blocks", shape.num_blocks}};
}

absl::StatusOr<PatchEncoder> PatchEncoder::Create(
    const PatchEncoderShape& shape, const Weights& weights) {
  WeightReader reader(weights);
  PatchEncoder encoder;
  encoder.stem4_ = Conv(reader, "stem4", Stem4(shape));
  encoder.stem2_ = Conv(reader, "stem2", Stem2(shape));
  encoder.blocks_ =
      ReadBlocks(reader, shape.num_blocks, shape.width, shape.block_channels);
  encoder.head_ =
      Conv(reader, "head", Pointwise(shape.width, shape.latent_channels));
  SLUICE_RETURN_IF_ERROR(reader.Finish());
  return encoder;
}

at::Tensor PatchEncoder::operator()(const at::Tensor& pictures) const {
  at::Tensor x = stem2_(
      at::relu(stem4_(pictures.contiguous(at::MemoryFormat::ChannelsLast))));
  for (const BottleneckBlock& block : blocks_) x = block(x);
  return head_.InFloat32(x);
}

double PatchEncoder::Macs(int height, int width) const {
  const double latent_positions = height / 8.0 * width / 8.0;
  double macs = stem4_.Macs(height / 4.0 * width / 4.0) +
                stem2_.Macs(latent_positions) + head_.Macs(latent_positions);
  for (const BottleneckBlock& block : blocks_) {
    macs += block.Macs(latent_positions);
  }
  return macs;
}

Weights InitPatchEncoder(const PatchEncoderShape& shape,
                         const at::Generator& generator) {
  Weights weights;
  InitConv("stem4", Stem4(shape), 1.0, generator, &weights);
  InitConv("stem2", Stem2(shape), 0.7, generator, &weights);
  InitBlocks(shape.num_blocks, shape.width, shape.block_channels, generator,
             &weights);
  InitConv("head", Pointwise(shape.width, shape.latent_channels), 0.7,
           generator, &weights);
  return weights;
}

}  // namespace sluice::model
