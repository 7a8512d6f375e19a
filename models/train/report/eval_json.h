// A report as JSON, for programs.
#pragma once

#include <string>

#include "models/train/report/report.h"

namespace sluice::train {

// An object: version, command_line, machine, sections, definitions. A section,
// of which there may be one: task, data, subset, view, num_images, reference,
// teacher, uncompressed, methods (points, bytes_at_drops, encoder, latencies),
// bd_rates, warnings. A point's figures go by the keys of its task: top1, map50
// or miou, with an interval; and others (task_words.h). Those of learned
// methods and of uncompressed pictures have classes. Qualities are fractions,
// divergences nats, times milliseconds, BD-rates percent; what was not measured
// is missing, an undefined BD-rate says why.
std::string ReportToJson(const Report& report);

}  // namespace sluice::train
