// A shard's picture as a codec's encoder takes it.
#pragma once

#include <cstdint>

#include "common/artifact/codec_artifact.h"
#include "common/base/float_tensor.h"
#include "models/train/data/shard.h"

namespace sluice::train {

// The centre of picture `index`, cropped to the codec's pad_multiple and
// preprocessed: float32 [3,H,W]. REQUIRES: 0 <= index < shard.num_pictures(),
// and the shard's sides are pad_multiple or more.
base::FloatTensor CentreInput(const Shard& shard, int64_t index,
                              const artifact::CodecSpec& spec);

}  // namespace sluice::train
