// A server's results, from the wire; checked, like all that comes from outside.
#pragma once

#include "common/vision/geometry.h"
#include "device/tail_result.h"
#include "sluice/v1/inference.pb.h"

namespace sluice::device {

// Whose pixels the server's boxes and masks are in. A server that was sent
// pixels knows the view only.
enum class ResultPixels { kOfSource, kOfView };

// Boxes and masks come out in pixels of the source. `geometry` is that of the
// request. Besides the tail's own error, the result's status may be
//   DataLoss       a score that is no probability, a box that is not within the
//                  picture, a mask that is damaged, larger than the picture or
//                  of classes without a label, a tensor of another size than
//                  its shape's
//   Unimplemented  an output that this program does not know, or none
TailResult ResultFromProto(const v1::Result& proto,
                           const vision::Geometry& geometry,
                           ResultPixels pixels);

}  // namespace sluice::device
