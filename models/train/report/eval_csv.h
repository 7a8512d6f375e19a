// A report as comma-separated values (RFC 4180), with a header line.
#pragma once

#include <string>

#include "models/train/report/report.h"

namespace sluice::train {

// One line per operating point, a section's uncompressed ones first and without
// bytes. Qualities are fractions. Columns are those of the report's tasks; what
// was not measured, and what is another task's, is empty.
std::string ReportToCsv(const Report& report);

// One line per operating point and picture. Beside its bytes: of a
// classification label, rank and divergence; of a detection the objects, those
// found at an IoU of 0.5, and the boxes of a score from 0.3 that found none; of
// a segmentation the labelled pixels, the right ones, and the mean IoU.
std::string OutcomesToCsv(const Report& report);

}  // namespace sluice::train
