// Evaluations with their figures: what every form of a report is made of.
#pragma once

#include <string>
#include <vector>

#include "models/train/figures/evaluation.h"
#include "models/train/figures/figures.h"

namespace sluice::train {

struct ReportSection {
  Evaluation evaluation;
  EvaluationFigures figures;  // MakeFigures(evaluation).
};

using Report = std::vector<ReportSection>;

Report MakeReport(std::vector<Evaluation> evaluations);

// Each once, in the sections' order.
std::vector<Task> TasksOf(const Report& report);

// "fod_a.tar (val)": the data and what was chosen of them.
std::string DescribeData(const Evaluation& evaluation);

// The reference and each learned method's usual setting, class by class; none
// where the task has no figures of classes.
struct ClassColumn {
  std::string name;
  const std::vector<ClassFigures>* classes = nullptr;  // Of the figures.
};
std::vector<ClassColumn> ClassColumns(const Evaluation& evaluation,
                                      const EvaluationFigures& figures);

}  // namespace sluice::train
