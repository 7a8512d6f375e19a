// How a labelled picture is varied before a training step sees it.
#pragma once

#include <cstdint>
#include <random>

#include "common/vision/geometry.h"

namespace sluice::vision {
struct Picture;
}  // namespace sluice::vision

namespace sluice::train {

// REQUIRES: sides of 1 pixel or more, 0 < min_scale <= max_scale, 0 <= colour.
struct Augmentation {
  vision::Size size;  // Of what the network sees; 32 divides both sides.
  // Source pixels per pixel of the result are 1 / scale: drawn between the two,
  // evenly on a log scale, relative to the scale at which the source fits.
  double min_scale = 0.75;
  double max_scale = 1.5;
  double mirror = 0.5;  // Probability of left and right changing places.
  double colour = 0.2;  // Brightness, contrast, saturation: 1 +- this.
};

// One draw: where a result's pixel comes from in the source, and its colours.
struct Variation {
  // source = result * scale + offset, per axis (pixel corners are integers);
  // a mirrored result has a negative scale_x.
  double scale_x = 1.0;
  double scale_y = 1.0;
  double offset_x = 0.0;
  double offset_y = 0.0;
  double brightness = 1.0;
  double contrast = 1.0;
  double saturation = 1.0;
};

// Where the result does not fit into the source, the source lies wholly within
// it, else the result within the source, at a random place.
Variation DrawVariation(const Augmentation& augmentation, vision::Size source,
                        std::mt19937_64* random);

// The varied picture as planes [3,H,W] in [-1,1] written to `out`: bilinear,
// averaging areas where it shrinks, edges replicated beyond the source.
// REQUIRES: a non-empty picture, room for 3 * H * W numbers.
void ApplyVariation(const vision::Picture& picture, const Variation& variation,
                    vision::Size size, float* out);

}  // namespace sluice::train
