// Text for XML and HTML that anything may have been written into.
#pragma once

#include <string>
#include <string_view>

namespace sluice::train {

// `text` with & < > " ' escaped, for element content and quoted attributes.
// Bytes that are not UTF-8, and control characters that XML forbids, become
// U+FFFD.
std::string EscapeMarkup(std::string_view text);

// 1234567 as "1,234,567"; negative and fractional numbers too, rounded to
// `decimals`. "–" for what is not finite.
std::string FormatNumber(double value, int decimals);

}  // namespace sluice::train
