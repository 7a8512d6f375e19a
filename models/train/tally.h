// What an evaluation collects, picture by picture, for one row of its table.
#pragma once

#include <cstddef>
#include <vector>

#include "common/base/float_tensor.h"
#include "common/vision/geometry.h"
#include "models/train/eval.h"
#include "models/train/metrics.h"

namespace sluice::train {

class ScoreTally {
 public:
  // `logits` are [N,classes] for N labels; `teacher_logits`, of the same
  // shape, may be null.
  void Add(const base::FloatTensor& logits, const std::vector<int>& labels,
           const base::FloatTensor* teacher_logits);
  Score ToScore() const;

 private:
  Accuracy accuracy_;
  Samples kl_;
};

class CostTally {
 public:
  // One frame or file for a network input of that size.
  void Add(size_t num_bytes, const vision::Size& input);
  Cost ToCost() const;

 private:
  Samples bytes_;
  Samples bpp_;
};

}  // namespace sluice::train
