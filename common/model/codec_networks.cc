#include "common/model/codec_networks.h"

#include "absl/strings/str_cat.h"
#include "common/model/entropic_student.h"
#include "common/model/patch_family.h"

namespace sluice::model {

absl::Status UnknownFamily(const artifact::CodecSpec& spec) {
  return absl::NotFoundError(
      absl::StrCat("codec family: expected \"", kPatchFamily, "\" or \"",
                   kEntropicStudentFamily, "\", found \"", spec.family, "\""));
}

absl::Status CheckStrides(const artifact::CodecSpec& spec, int latent_stride,
                          int latent_trim, int features_stride) {
  if (spec.latent_stride == latent_stride && spec.latent_trim == latent_trim &&
      spec.features_stride == features_stride) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "codec.json: canonical.geometry: family ", spec.family,
      " has latent_stride ", latent_stride, ", latent_trim ", latent_trim,
      " and features_stride ", features_stride, ", found ", spec.latent_stride,
      ", ", spec.latent_trim, " and ", spec.features_stride));
}

}  // namespace sluice::model
