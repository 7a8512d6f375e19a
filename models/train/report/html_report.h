// A report as one HTML page that stands alone.
#pragma once

#include <string>

#include "models/train/report/report.h"

namespace sluice::train {

// A section for each of the report's: what was measured on what, plots of
// quality and KL over bytes, the tables of evaluation_tables.h; then
// definitions and limits. HTML that is also well-formed XML, with its style
// sheet and drawings inside, no script and no address outside.
std::string ReportToHtml(const Report& report);

}  // namespace sluice::train
