// What one answer is worth: rank of the label, divergence from the teacher.
#pragma once

#include <span>

namespace sluice::train {

// How many classes come before `label` when logits are sorted in descending
// order, equal ones by index; 0 is the prediction itself. A NaN is no evidence:
// a label whose logit is NaN comes last. REQUIRES: 0 <= label < logits.size().
int RankOf(std::span<const float> logits, int label);

// KL(softmax(teacher) || softmax(student)) in nats; 0 for equal logits.
// REQUIRES: equal sizes.
double KlDivergence(std::span<const float> teacher_logits,
                    std::span<const float> student_logits);

}  // namespace sluice::train
