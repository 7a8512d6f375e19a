#include "models/train/report/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "models/train/figures/task_words.h"

namespace sluice::train {

Report MakeReport(std::vector<Evaluation> evaluations) {
  Report report;
  for (Evaluation& evaluation : evaluations) {
    EvaluationFigures figures = MakeFigures(evaluation);
    report.push_back({std::move(evaluation), std::move(figures)});
  }
  return report;
}

std::vector<Task> TasksOf(const Report& report) {
  std::vector<Task> tasks;
  for (const ReportSection& section : report) {
    const Task task = section.evaluation.task;
    if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) {
      tasks.push_back(task);
    }
  }
  return tasks;
}

std::string DescribeData(const Evaluation& evaluation) {
  if (evaluation.subset.empty()) return evaluation.data;
  return absl::StrCat(evaluation.data, " (", evaluation.subset, ")");
}

std::vector<ClassColumn> ClassColumns(const Evaluation& evaluation,
                                      const EvaluationFigures& figures) {
  std::vector<ClassColumn> columns;
  if (WordsOf(evaluation.task).of_class.empty() ||
      !figures.reference.has_value()) {
    return columns;
  }
  columns.push_back({figures.reference->name, &figures.reference->classes});
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    const PointFigures* usual = UsualPoint(method, figures.methods[m]);
    if (!method.learned || usual == nullptr) continue;
    columns.push_back({absl::StrCat(method.name, ", ", method.usual_setting),
                       &usual->classes});
  }
  return columns;
}

}  // namespace sluice::train
