// A report's main figures as Markdown, for a README and for model cards.
#pragma once

#include <string>

#include "models/train/report/report.h"

namespace sluice::train {

// Of several sections first one table: each section's learned methods at their
// usual setting, and the bytes that they and the pixel codecs need at a drop of
// two points. Then for every section, under a heading if there are several,
// three tables: the learned operating points beside the uncompressed picture;
// bytes that every method needs at a few drops of quality, with BD-rates of the
// first method; and sizes with latencies on one thread.
std::string ReportToMarkdown(const Report& report);

}  // namespace sluice::train
