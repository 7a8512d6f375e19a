#include "server/classification.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sluice::server {

absl::StatusOr<v1::Classification> ClassifyLogits(
    std::span<const float> logits, std::span<const std::string> labels,
    int top_k, float score_threshold) {
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i])) continue;
    return absl::InternalError(absl::StrCat("the logit of class ", i, " is ",
                                            logits[i],
                                            ", expected a finite number"));
  }
  v1::Classification result;
  if (logits.empty()) return result;
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto num_top = std::min(logits.size(), static_cast<size_t>(top_k));
  std::partial_sort(order.begin(), order.begin() + num_top, order.end(),
                    [&](size_t a, size_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b]
                                                    : a < b;
                    });
  const double largest = logits[order[0]];
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  for (const size_t index : std::span(order).first(num_top)) {
    const auto score =
        static_cast<float>(std::exp(logits[index] - largest) / sum);
    if (score < score_threshold) break;
    v1::Classification::Class* top = result.add_top();
    top->set_index(static_cast<uint32_t>(index));
    top->set_label(labels[index]);
    top->set_score(score);
  }
  return result;
}

}  // namespace sluice::server
