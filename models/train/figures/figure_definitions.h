// What the figures of an evaluation mean, for a report's reader.
#pragma once

#include <string>
#include <vector>

#include "models/train/figures/evaluation.h"

namespace sluice::train {

struct Definition {
  std::string term;
  std::string text;
};

// Of what reports on these tasks print.
std::vector<Definition> FigureDefinitions(const std::vector<Task>& tasks);

}  // namespace sluice::train
