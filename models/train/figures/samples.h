// A collection of numbers, its mean and percentiles.
#pragma once

#include <cstddef>
#include <vector>

namespace sluice::train {

// Its figures are 0 while it is empty.
class Samples {
 public:
  void Add(double value) { values_.push_back(value); }

  bool empty() const { return values_.empty(); }
  size_t size() const { return values_.size(); }
  double Mean() const;
  // The smallest value that at least `fraction` of all do not exceed
  // (nearest rank). REQUIRES: 0 < fraction <= 1.
  double Percentile(double fraction) const;

 private:
  std::vector<double> values_;
};

}  // namespace sluice::train
