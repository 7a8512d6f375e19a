#include "models/train/figures/metrics.h"

#include <algorithm>
#include <cmath>

namespace sluice::train {
namespace {

// log(sum(exp(logits))), shifted by the maximum so that nothing overflows.
double LogSumExp(std::span<const float> logits) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - max);
  return max + std::log(sum);
}

}  // namespace

int RankOf(std::span<const float> logits, int label) {
  const float own = logits[label];
  const int num_classes = static_cast<int>(logits.size());
  if (std::isnan(own)) return num_classes - 1;
  int rank = 0;
  for (int k = 0; k < num_classes; ++k) {
    rank += logits[k] > own || (logits[k] == own && k < label);
  }
  return rank;
}

double KlDivergence(std::span<const float> teacher_logits,
                    std::span<const float> student_logits) {
  const double teacher_norm = LogSumExp(teacher_logits);
  const double student_norm = LogSumExp(student_logits);
  double divergence = 0.0;
  for (size_t k = 0; k < teacher_logits.size(); ++k) {
    const double teacher_log = teacher_logits[k] - teacher_norm;
    const double student_log = student_logits[k] - student_norm;
    divergence += std::exp(teacher_log) * (teacher_log - student_log);
  }
  return divergence;
}

}  // namespace sluice::train
