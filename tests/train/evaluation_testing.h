// Made-up evaluations of detection and segmentation.
#pragma once

#include "models/train/figures/evaluation.h"

namespace sluice::train {

// "ours" at four rates, the third the usual one, beside "JPEG", which needs
// three times the bytes for as much; 120 pictures. Of its three classes,
// "Wrench" has no objects.
Evaluation MakeDetectionEvaluation();

// The same with the classes "sky", "road" and "pole"; some pixels of every mask
// are labelled as none.
Evaluation MakeSegmentationEvaluation();

}  // namespace sluice::train
