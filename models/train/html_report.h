// An evaluation as one HTML page that stands alone.
#pragma once

#include <string>

#include "models/train/evaluation.h"
#include "models/train/figures.h"

namespace sluice::train {

// What was measured on what, plots of top-1 and KL over bytes, the tables of
// evaluation_tables.h, definitions and limits: HTML that is also well-formed
// XML, with its style sheet and drawings inside, no script and no address
// outside. REQUIRES: figures are MakeFigures(evaluation).
std::string EvaluationToHtml(const Evaluation& evaluation,
                             const EvaluationFigures& figures);

}  // namespace sluice::train
