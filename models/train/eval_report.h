// An evaluation as tables for a terminal.
#pragma once

#include <string>

#include "models/train/evaluation.h"
#include "models/train/figures.h"

namespace sluice::train {

// Everything measured. Shares in percent, BD-rates with 95 % intervals.
std::string EvaluationToText(const Evaluation& evaluation,
                             const EvaluationFigures& figures);

}  // namespace sluice::train
