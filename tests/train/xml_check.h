// A check that markup is well-formed.
#pragma once

#include <string>
#include <string_view>

namespace sluice::train {

// Empty when `text` is one element, after an optional <!DOCTYPE ...>, whose
// tags nest and end, attributes are quoted and given once, and text holds known
// entities alone; else what is wrong. Knows no comments and no CDATA.
std::string XmlProblem(std::string_view text);

}  // namespace sluice::train
