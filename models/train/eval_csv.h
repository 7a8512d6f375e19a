// An evaluation as comma-separated values (RFC 4180), with a header line.
#pragma once

#include <string>

#include "models/train/evaluation.h"
#include "models/train/figures.h"

namespace sluice::train {

// One line per operating point, uncompressed ones first and without bytes.
// Shares are fractions; what was not measured is empty.
std::string EvaluationToCsv(const Evaluation& evaluation,
                            const EvaluationFigures& figures);

// One line per operating point and picture: what every figure is made of.
std::string OutcomesToCsv(const Evaluation& evaluation);

}  // namespace sluice::train
