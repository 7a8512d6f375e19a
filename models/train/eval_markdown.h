// An evaluation's main figures as Markdown, for a README.
#pragma once

#include <string>

#include "models/train/evaluation.h"
#include "models/train/figures.h"

namespace sluice::train {

// Three tables: the learned operating points beside the uncompressed picture;
// bytes that every method needs at a few drops of top-1, with BD-rates of the
// first method; and sizes with latencies on one thread.
std::string EvaluationToMarkdown(const Evaluation& evaluation,
                                 const EvaluationFigures& figures);

}  // namespace sluice::train
