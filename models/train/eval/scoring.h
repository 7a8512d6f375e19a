// From a tail's outputs to what is right about them, picture by picture.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/base/float_tensor.h"
#include "common/model/tail.h"
#include "common/task/segmentation.h"
#include "models/train/figures/detection_metrics.h"
#include "models/train/figures/evaluation.h"
#include "models/train/tools/loaded_codec.h"

namespace sluice::train {

// What a picture's label says beside its class; of the batch's task.
struct Truth {
  std::vector<GroundTruth> objects = {};  // In the source picture's pixels.
  task::Mask mask = {};                   // Of the source picture's size.
};

// Consecutive pictures whose network inputs have one shape.
struct EvalBatch {
  Task task = Task::kClassification;
  int num_classes = 0;
  std::vector<NetworkInput> pictures;
  std::vector<EvaluatedPicture> about;              // Of each picture.
  std::vector<Truth> truths;                        // Of each picture.
  base::FloatTensor inputs;                         // [N,3,H,W]
  std::optional<base::FloatTensor> teacher_logits;  // [N,classes]
};

// Adds what `outputs` (common/model/tail.h) are worth for each picture of the
// batch to the evidence of `point`, with `bytes` of each, or 0 for none. Boxes
// count from a score of 0.05 after non-maximum suppression, in the source's
// pixels; masks are compared at the source's size. Internal when outputs are
// not what the task says or hold a NaN or an infinity that would be one of a
// box or mask; other errors as MatchPicture and CountConfusion. Errors name the
// picture.
absl::Status AddAnswers(const std::vector<model::NamedTensor>& outputs,
                        const EvalBatch& batch,
                        const std::vector<uint32_t>& bytes,
                        OperatingPoint* point);

// The same of a classification's logits alone, [N,classes]: rank and divergence
// of each picture's answer.
void AddOutcomes(const base::FloatTensor& logits, const EvalBatch& batch,
                 const std::vector<uint32_t>& bytes,
                 std::vector<Outcome>* outcomes);

}  // namespace sluice::train
