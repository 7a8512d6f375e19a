// Picture -> view -> network input: the same at both entrances and in training.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/float_tensor.h"
#include "common/vision/geometry.h"
#include "common/vision/picture.h"

namespace sluice::vision {

// Resizes and crops; no padding. The result has geometry.valid pixels and
// memory of its own. Shrinking averages areas, enlarging is bilinear, and a
// scale of 1 copies pixels unchanged. InvalidArgument when `geometry` was not
// made for a picture of this size.
absl::StatusOr<Picture> MakeView(const Picture& picture,
                                 const Geometry& geometry);

// Edge-replicates right and bottom to geometry.padded, BGR -> RGB, HWC -> CHW,
// x * scale + offset. Returns float32 [3,H,W]. InvalidArgument when the view
// has another size than geometry.valid or padding would cut it.
absl::StatusOr<base::FloatTensor> ViewToInput(const Picture& view,
                                              const Geometry& geometry,
                                              float scale, float offset);

}  // namespace sluice::vision
