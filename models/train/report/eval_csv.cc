#include "models/train/report/eval_csv.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "models/train/figures/task_words.h"

namespace sluice::train {
namespace {

constexpr char kTeacher[] = "teacher";
// Boxes below are shown to nobody by default.
constexpr float kShownScore = 0.3f;

using Cells = std::vector<std::string>;

void Append(Cells from, Cells* to) {
  to->insert(to->end(), from.begin(), from.end());
}

// In quotes where the format needs them.
std::string Field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string Line(const Cells& cells) {
  return absl::StrJoin(cells, ",",
                       [](std::string* out, const std::string& cell) {
                         out->append(Field(cell));
                       }) +
         "\n";
}

std::string Share(const std::optional<double>& share) {
  return share.has_value() ? absl::StrFormat("%.5f", *share) : "";
}

// `own` under the columns of `task`, nothing under those of other tasks.
Cells UnderTask(const std::vector<Task>& tasks, Task task, const Cells& own,
                Cells (*columns)(Task)) {
  Cells cells;
  for (const Task each : tasks) {
    Append(each == task ? own : Cells(columns(each).size()), &cells);
  }
  return cells;
}

Cells AllColumns(const std::vector<Task>& tasks, Cells (*columns)(Task)) {
  Cells cells;
  for (const Task task : tasks) Append(columns(task), &cells);
  return cells;
}

Cells PointColumns(Task task) {
  const TaskWords& words = WordsOf(task);
  const std::string& key = words.quality.key;
  Cells columns = {key};
  if (task == Task::kClassification) columns.push_back(key + "_se");
  Append({key + "_low", key + "_high"}, &columns);
  for (const FigureWords& other : words.others) columns.push_back(other.key);
  return columns;
}

Cells PointCells(Task task, const PointFigures& figures) {
  std::optional<double> low;
  std::optional<double> high;
  if (figures.quality_interval.has_value()) {
    low = figures.quality_interval->low;
    high = figures.quality_interval->high;
  }
  Cells cells = {Share(figures.quality)};
  if (task == Task::kClassification) {
    cells.push_back(Share(figures.top1_standard_error));
  }
  Append({Share(low), Share(high)}, &cells);
  for (const double other : figures.others) cells.push_back(Share(other));
  return cells;
}

Cells SectionCells(const Evaluation& evaluation) {
  return {WordsOf(evaluation.task).name, DescribeData(evaluation),
          evaluation.view};
}

std::string PointLine(const std::vector<Task>& tasks,
                      const Evaluation& evaluation, const std::string& method,
                      const OperatingPoint& point,
                      const PointFigures& figures) {
  Cells cells = SectionCells(evaluation);
  Append({method, point.setting, point.scored_by}, &cells);
  if (figures.mean_bytes > 0) {
    Append({absl::StrFormat("%.1f", figures.mean_bytes),
            absl::StrFormat("%.1f", figures.p95_bytes),
            absl::StrFormat("%.5f", figures.bpp)},
           &cells);
  } else {
    Append(Cells(3), &cells);
  }
  Append(UnderTask(tasks, evaluation.task, PointCells(evaluation.task, figures),
                   PointColumns),
         &cells);
  Append({Share(figures.drop), Share(figures.mean_kl)}, &cells);
  return Line(cells);
}

Cells OutcomeColumns(Task task) {
  switch (task) {
    case Task::kDetection:
      return {"objects", "found50", "false_boxes"};
    case Task::kSegmentation:
      return {"pixels", "right_pixels", "miou"};
    case Task::kClassification:
      break;
  }
  return {"label", "rank", "kl"};
}

Cells ClassificationCells(const Evaluation& evaluation,
                          const OperatingPoint& point, size_t i) {
  const Outcome& outcome = point.outcomes[i];
  return {absl::StrCat(evaluation.pictures[i].label),
          absl::StrCat(outcome.rank),
          evaluation.teacher.has_value() ? absl::StrFormat("%.6g", outcome.kl)
                                         : ""};
}

Cells DetectionCells(const PictureMatches& matches) {
  size_t found = 0;
  size_t wrong = 0;
  for (const DetectionMatch& match : matches.by_class) {
    const bool is_found = (match.found & 1) != 0;
    found += is_found ? 1 : 0;
    wrong += !is_found && (match.ignored & 1) == 0 && match.score >= kShownScore
                 ? 1
                 : 0;
  }
  return {absl::StrCat(matches.objects.size()), absl::StrCat(found),
          absl::StrCat(wrong)};
}

Cells SegmentationCells(const ConfusionCounts& confusion) {
  const size_t num_classes = static_cast<size_t>(confusion.num_classes);
  uint64_t labelled = 0;
  uint64_t right = 0;
  for (size_t k = 0; k < confusion.pixels.size(); ++k) {
    labelled += confusion.pixels[k];
    if (k / (num_classes + 1) == k % (num_classes + 1)) {
      right += confusion.pixels[k];
    }
  }
  return {absl::StrCat(labelled), absl::StrCat(right),
          Share(MakeSegmentationFigures(confusion).mean_iou)};
}

Cells OutcomeCells(const Evaluation& evaluation, const OperatingPoint& point,
                   size_t i) {
  switch (evaluation.task) {
    case Task::kDetection:
      return DetectionCells(point.matches[i]);
    case Task::kSegmentation:
      return SegmentationCells(point.confusions[i]);
    case Task::kClassification:
      break;
  }
  return ClassificationCells(evaluation, point, i);
}

// Calls `add(method, point, figures)` for every point, uncompressed ones first.
template <typename Add>
void ForEachPoint(const ReportSection& section, const Add& add) {
  const auto& [evaluation, figures] = section;
  const auto add_uncompressed = [&](const std::string& method,
                                    OperatingPoint point,
                                    const PointFigures& of_point) {
    point.setting = "uncompressed";
    add(method, point, of_point);
  };
  if (evaluation.teacher.has_value()) {
    add_uncompressed(kTeacher, *evaluation.teacher, *figures.teacher);
  }
  for (size_t i = 0; i < evaluation.uncompressed.size(); ++i) {
    const OperatingPoint& point = evaluation.uncompressed[i];
    add_uncompressed("pixel entrance of " + point.setting, point,
                     figures.uncompressed[i]);
  }
  for (size_t m = 0; m < evaluation.methods.size(); ++m) {
    const Method& method = evaluation.methods[m];
    for (size_t p = 0; p < method.points.size(); ++p) {
      add(method.name, method.points[p], figures.methods[m].points[p]);
    }
  }
}

}  // namespace

std::string ReportToCsv(const Report& report) {
  const std::vector<Task> tasks = TasksOf(report);
  Cells header = {"task",      "data",       "view",      "method", "setting",
                  "scored_by", "bytes_mean", "bytes_p95", "bpp"};
  Append(AllColumns(tasks, PointColumns), &header);
  Append({"drop", "kl_to_teacher"}, &header);
  std::string csv = Line(header);
  for (const ReportSection& section : report) {
    ForEachPoint(
        section, [&](const std::string& method, const OperatingPoint& point,
                     const PointFigures& figures) {
          csv += PointLine(tasks, section.evaluation, method, point, figures);
        });
  }
  return csv;
}

std::string OutcomesToCsv(const Report& report) {
  const std::vector<Task> tasks = TasksOf(report);
  Cells header = {"task",   "data",    "view", "picture",
                  "method", "setting", "bytes"};
  Append(AllColumns(tasks, OutcomeColumns), &header);
  std::string csv = Line(header);
  for (const ReportSection& section : report) {
    const Evaluation& evaluation = section.evaluation;
    const Cells about = SectionCells(evaluation);
    ForEachPoint(section, [&](const std::string& method,
                              const OperatingPoint& point,
                              const PointFigures&) {
      for (size_t i = 0; i < point.outcomes.size(); ++i) {
        Cells cells = about;
        Append({evaluation.pictures[i].name, method, point.setting,
                absl::StrCat(point.outcomes[i].bytes)},
               &cells);
        Append(UnderTask(tasks, evaluation.task,
                         OutcomeCells(evaluation, point, i), OutcomeColumns),
               &cells);
        csv += Line(cells);
      }
    });
  }
  return csv;
}

}  // namespace sluice::train
