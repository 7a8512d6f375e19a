#include "common/base/status_macros.h"
#include "common/model/codec_networks.h"
#include "common/model/entropic_decoder.h"
#include "common/model/patch_decoder.h"
#include "common/model/patch_family.h"

namespace sluice::model {

absl::StatusOr<std::unique_ptr<DecoderNetwork>> MakeDecoderNetwork(
    const artifact::CodecSpec& spec, const Weights& weights) {
  if (spec.family == kPatchFamily) {
    SLUICE_ASSIGN_OR_RETURN(const PatchDecoderShape shape,
                            PatchDecoderShapeOf(spec));
    SLUICE_ASSIGN_OR_RETURN(PatchDecoder network,
                            PatchDecoder::Create(shape, weights));
    return std::make_unique<PatchDecoder>(std::move(network));
  }
  if (spec.family == kEntropicStudentFamily) {
    SLUICE_ASSIGN_OR_RETURN(const EntropicStudentShape shape,
                            EntropicStudentShapeOf(spec));
    SLUICE_ASSIGN_OR_RETURN(EntropicDecoder network,
                            EntropicDecoder::Create(shape, weights));
    return std::make_unique<EntropicDecoder>(std::move(network));
  }
  return UnknownFamily(spec);
}

}  // namespace sluice::model
