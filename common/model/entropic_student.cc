#include "common/model/entropic_student.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/codec/limits.h"
#include "common/model/codec_networks.h"
#include "common/model/field_reader.h"

namespace sluice::model {
namespace {

constexpr int kLatentStride = 4;
constexpr int kLatentTrim = 1;  // The last layer is 2 x 2 without padding.
constexpr int kFeaturesStride = 8;
constexpr int kMaxDecoderWidth = 1024;

}  // namespace

absl::StatusOr<EntropicStudentShape> EntropicStudentShapeOf(
    const artifact::CodecSpec& spec) {
  SLUICE_RETURN_IF_ERROR(
      CheckStrides(spec, kLatentStride, kLatentTrim, kFeaturesStride));
  if (spec.num_rates != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("codec.json: canonical.rates.count: family ", spec.family,
                     " has 1, found ", spec.num_rates));
  }
  FieldReader fields(spec.decoder, "codec.json: canonical.decoder");
  EntropicStudentShape shape = {
      .latent_channels = spec.latent_channels,
      .decoder_width = fields.Take("width", kMaxDecoderWidth),
      .features_channels = spec.features_channels};
  SLUICE_RETURN_IF_ERROR(fields.status());
  return shape;
}

void SetEntropicStudent(const EntropicStudentShape& shape,
                        artifact::CodecSpec* spec) {
  spec->family = kEntropicStudentFamily;
  spec->latent_stride = kLatentStride;
  spec->latent_trim = kLatentTrim;
  spec->latent_channels = shape.latent_channels;
  spec->features_stride = kFeaturesStride;
  spec->features_channels = shape.features_channels;
  spec->num_rates = 1;
  spec->default_rate = 0;
  spec->encoder = nlohmann::json::object();
  spec->decoder = {{"width", shape.decoder_width}};
}

}  // namespace sluice::model
