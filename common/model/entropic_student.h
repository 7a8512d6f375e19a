// What the two halves of the `entropic_student` family share.
//
// The Entropic Student of Matsubara et al., "Supervised compression for
// resource-constrained edge computing systems" (WACV 2022) and "SC2 benchmark"
// (TMLR 2023), the method that this system's research line starts from.
// With weights called after where they lie in a codec, "encoder.0.weight", the
// names are those of sc2-benchmark's state_dict.
#pragma once

#include "absl/status/statusor.h"
#include "common/artifact/codec_artifact.h"

namespace sluice::model {

inline constexpr char kEntropicStudentFamily[] = "entropic_student";

// codec.json's geometry and "decoder" object; its "encoder" object is empty.
struct EntropicStudentShape {
  int latent_channels = 24;  // b: the encoder's layers have 4b, 2b and b.
  int decoder_width = 152;   // t: the decoder network's have 2t, t.
  int features_channels = 32;
};

// InvalidArgument naming what does not fit: geometry, a rate count other than
// 1 (one model has one rate), or a field of codec.json. REQUIRES: the spec is
// of this family.
absl::StatusOr<EntropicStudentShape> EntropicStudentShapeOf(
    const artifact::CodecSpec& spec);

// Sets family, geometry, rates and both objects; the rest stays.
void SetEntropicStudent(const EntropicStudentShape& shape,
                        artifact::CodecSpec* spec);

}  // namespace sluice::model
