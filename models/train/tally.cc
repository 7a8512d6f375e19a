#include "models/train/tally.h"

#include <span>

namespace sluice::train {
namespace {

// Sample i of [N,classes].
std::span<const float> Row(const base::FloatTensor& logits, size_t i) {
  const size_t num_classes = static_cast<size_t>(logits.shape[1]);
  return std::span(logits.values).subspan(i * num_classes, num_classes);
}

}  // namespace

void ScoreTally::Add(const base::FloatTensor& logits,
                     const std::vector<int>& labels,
                     const base::FloatTensor* teacher_logits) {
  for (size_t i = 0; i < labels.size(); ++i) {
    accuracy_.Add(Row(logits, i), labels[i]);
    if (teacher_logits != nullptr) {
      kl_.Add(KlDivergence(Row(*teacher_logits, i), Row(logits, i)));
    }
  }
}

Score ScoreTally::ToScore() const {
  Score score = {.top1 = accuracy_.top1(),
                 .top1_standard_error = accuracy_.top1_standard_error(),
                 .top5 = accuracy_.top5(),
                 .kl_to_teacher = {}};
  if (!kl_.empty()) score.kl_to_teacher = kl_.Mean();
  return score;
}

void CostTally::Add(size_t num_bytes, const vision::Size& input) {
  bytes_.Add(static_cast<double>(num_bytes));
  bpp_.Add(8.0 * static_cast<double>(num_bytes) /
           (static_cast<double>(input.width) * input.height));
}

Cost CostTally::ToCost() const {
  return {bytes_.Mean(), bytes_.Percentile(0.95), bpp_.Mean()};
}

}  // namespace sluice::train
