// The tables of an evaluation as HTML; empty where there is nothing to show.
#pragma once

#include <string>

#include "models/train/figures/evaluation.h"
#include "models/train/figures/figures.h"

namespace sluice::train {

// Each learned method against every other: BD-rate on the task's quality and,
// for a classification, on KL, with their intervals and the qualities they are
// over, or why they are undefined.
std::string BdRateTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures);

// Bytes at drops of quality (kDrops), by method.
std::string BytesAtDropsTable(const Evaluation& evaluation,
                              const EvaluationFigures& figures);

// Encoder size, bytes per picture and task quality of learned methods.
std::string ThreeAxesTable(const Evaluation& evaluation,
                           const EvaluationFigures& figures);

// Every class: the reference, and each learned method's usual setting.
std::string ClassesTable(const Evaluation& evaluation,
                         const EvaluationFigures& figures);

// Encode and answer, a pair of columns for each number of threads.
std::string LatencyTable(const Evaluation& evaluation);

// Every figure of every operating point, uncompressed ones first.
std::string PointsTable(const Evaluation& evaluation,
                        const EvaluationFigures& figures);

}  // namespace sluice::train
