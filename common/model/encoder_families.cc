#include "common/base/status_macros.h"
#include "common/model/codec_networks.h"
#include "common/model/entropic_encoder.h"
#include "common/model/patch_encoder.h"
#include "common/model/patch_family.h"

namespace sluice::model {

absl::StatusOr<std::unique_ptr<EncoderNetwork>> MakeEncoderNetwork(
    const artifact::CodecSpec& spec, const Weights& weights) {
  if (spec.family == kPatchFamily) {
    SLUICE_ASSIGN_OR_RETURN(const PatchEncoderShape shape,
                            PatchEncoderShapeOf(spec));
    SLUICE_ASSIGN_OR_RETURN(PatchEncoder network,
                            PatchEncoder::Create(shape, weights));
    return std::make_unique<PatchEncoder>(std::move(network));
  }
  if (spec.family == kEntropicStudentFamily) {
    SLUICE_ASSIGN_OR_RETURN(const EntropicStudentShape shape,
                            EntropicStudentShapeOf(spec));
    SLUICE_ASSIGN_OR_RETURN(EntropicEncoder network,
                            EntropicEncoder::Create(shape, weights));
    return std::make_unique<EntropicEncoder>(std::move(network));
  }
  return UnknownFamily(spec);
}

}  // namespace sluice::model
