#include "models/train/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

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

void Accuracy::Add(std::span<const float> logits, int label) {
  const int rank = RankOf(logits, label);
  ++num_pictures_;
  num_top1_ += rank < 1;
  num_top5_ += rank < 5;
}

double Accuracy::Share(int64_t count) const {
  return num_pictures_ == 0
             ? 0.0
             : static_cast<double>(count) / static_cast<double>(num_pictures_);
}

double Accuracy::top1_standard_error() const {
  if (num_pictures_ == 0) return 0.0;
  const double share = top1();
  return std::sqrt(share * (1.0 - share) / static_cast<double>(num_pictures_));
}

double Samples::Mean() const {
  if (values_.empty()) return 0.0;
  return std::accumulate(values_.begin(), values_.end(), 0.0) /
         static_cast<double>(values_.size());
}

double Samples::Percentile(double fraction) const {
  if (values_.empty()) return 0.0;
  std::vector<double> sorted = values_;
  const double rank =
      std::ceil(fraction * static_cast<double>(sorted.size())) - 1.0;
  const auto nth = sorted.begin() + static_cast<int64_t>(std::max(rank, 0.0));
  std::nth_element(sorted.begin(), nth, sorted.end());
  return *nth;
}

}  // namespace sluice::train
