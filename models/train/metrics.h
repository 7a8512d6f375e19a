// Figures of an evaluation: ranks, accuracy, divergence, means, percentiles.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::train {

// How many classes come before `label` when logits are sorted in descending
// order, equal ones by index; 0 is the prediction itself. A NaN is no evidence:
// a label whose logit is NaN comes last. REQUIRES: 0 <= label < logits.size().
int RankOf(std::span<const float> logits, int label);

// KL(softmax(teacher) || softmax(student)) in nats; 0 for equal logits.
// REQUIRES: equal sizes.
double KlDivergence(std::span<const float> teacher_logits,
                    std::span<const float> student_logits);

// Share of pictures whose label is among the first k; fractions in 0..1.
class Accuracy {
 public:
  void Add(std::span<const float> logits, int label);

  double top1() const { return Share(num_top1_); }
  double top5() const { return Share(num_top5_); }
  // Of top1 as a binomial share: sqrt(p (1 - p) / n).
  double top1_standard_error() const;

 private:
  double Share(int64_t count) const;

  int64_t num_pictures_ = 0;
  int64_t num_top1_ = 0;
  int64_t num_top5_ = 0;
};

// A collection of numbers; its figures are 0 while it is empty.
class Samples {
 public:
  void Add(double value) { values_.push_back(value); }

  bool empty() const { return values_.empty(); }
  double Mean() const;
  // The smallest value that at least `fraction` of all do not exceed
  // (nearest rank). REQUIRES: 0 < fraction <= 1.
  double Percentile(double fraction) const;

 private:
  std::vector<double> values_;
};

}  // namespace sluice::train
