// What an evaluation says before anything is measured.
#pragma once

#include <vector>

#include "models/train/eval/eval.h"
#include "models/train/eval/learned_pair.h"
#include "models/train/figures/evaluation.h"

namespace sluice::train {

// Names, sizes and warnings; a method for every pair, then one for every
// baseline, without points. A teacher is there when the options have one.
// REQUIRES: the pairs are those of the options, one at least.
Evaluation DescribeEvaluation(const EvalOptions& options,
                              const std::vector<LearnedPair>& pairs);

}  // namespace sluice::train
