// An evaluation as JSON, for programs.
#pragma once

#include <string>

#include "models/train/evaluation.h"
#include "models/train/figures.h"

namespace sluice::train {

// An object: data, view, num_images, version, command_line, machine,
// reference, teacher, uncompressed, methods (points, bytes_at_drops, encoder,
// latencies), bd_rates, definitions, warnings. Shares are fractions,
// divergences nats, times milliseconds, BD-rates percent; what was not
// measured is missing, an undefined BD-rate says why.
std::string EvaluationToJson(const Evaluation& evaluation,
                             const EvaluationFigures& figures);

}  // namespace sluice::train
