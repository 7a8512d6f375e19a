#include "models/train/figures/samples.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace sluice::train {

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
