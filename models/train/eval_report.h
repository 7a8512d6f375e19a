// An evaluation's results as JSON, CSV and a table for people.
#pragma once

#include <string>

#include "models/train/eval.h"

namespace sluice::train {

// An object: num_images, view, uncompressed, teacher (with one), points,
// baselines, encoder, decoder. Shares are fractions, divergences nats, times
// milliseconds; keys are those of eval_report.cc.
std::string ReportToJson(const EvalReport& report);

// One line per row of the table, with a header.
std::string ReportToCsv(const EvalReport& report);

// Shares in percent with their standard error.
std::string ReportToText(const EvalReport& report);

}  // namespace sluice::train
