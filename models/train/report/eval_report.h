// A report as tables for a terminal.
#pragma once

#include <string>

#include "models/train/report/report.h"

namespace sluice::train {

// Everything measured, section by section. Shares in percent, BD-rates with
// 95 % intervals.
std::string ReportToText(const Report& report);

}  // namespace sluice::train
