// Masks of a view, back to the source picture.
#pragma once

#include "common/task/segmentation.h"
#include "common/vision/geometry.h"

namespace sluice::device {

// A mask that covers geometry.valid to one that covers geometry.source, at the
// same scale, but no larger than the source; by nearest pixels. What the view
// did not show is kNoClass.
// REQUIRES: a mask that fills its size, neither side longer than the view's,
// and a geometry of vision::MakeGeometry.
task::Mask MaskToSource(const task::Mask& view,
                        const vision::Geometry& geometry);

}  // namespace sluice::device
