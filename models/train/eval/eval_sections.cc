#include "models/train/eval/eval_sections.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/artifact/tail_artifact.h"
#include "common/base/status_macros.h"
#include "models/train/data/annotate.h"
#include "models/train/eval/learned_pair.h"
#include "models/train/figures/task_words.h"

namespace sluice::train {
namespace {

absl::StatusOr<std::vector<Task>> ReadTasks(
    const std::vector<std::filesystem::path>& tails) {
  std::vector<Task> tasks;
  for (const std::filesystem::path& folder : tails) {
    SLUICE_ASSIGN_OR_RETURN(const artifact::TailArtifact tail,
                            artifact::LoadTail(folder));
    const absl::StatusOr<Task> task = ParseTask(tail.spec.task);
    if (!task.ok()) return Annotate(task.status(), folder.string());
    tasks.push_back(*task);
  }
  return tasks;
}

// One of `values` for every pair; `otherwise` where there are none.
template <typename T>
absl::StatusOr<std::vector<T>> Spread(const char* option,
                                      const std::vector<T>& values,
                                      const T& otherwise, size_t num_pairs) {
  if (values.empty()) return std::vector<T>(num_pairs, otherwise);
  if (values.size() == 1) return std::vector<T>(num_pairs, values.front());
  if (values.size() == num_pairs) return values;
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": expected one value, or one for each of ",
                   num_pairs, " codecs, found ", values.size()));
}

// The same for options that only sets with splits need: the others may be left
// out, and then have `otherwise`.
absl::StatusOr<std::vector<std::string>> SpreadOverSplits(
    const char* option, const std::vector<std::string>& values,
    const std::string& otherwise, const std::vector<Task>& tasks) {
  const auto has_split = [](Task task) {
    return task != Task::kClassification;
  };
  const size_t num_with_split =
      static_cast<size_t>(std::count_if(tasks.begin(), tasks.end(), has_split));
  if (num_with_split == 0 || values.size() == tasks.size()) {
    return Spread(option, values, otherwise, tasks.size());
  }
  SLUICE_ASSIGN_OR_RETURN(const std::vector<std::string> with_split,
                          Spread(option, values, otherwise, num_with_split));
  std::vector<std::string> spread;
  size_t next = 0;
  for (const Task task : tasks) {
    spread.push_back(has_split(task) ? with_split[next++] : otherwise);
  }
  return spread;
}

// Whether a pair of the options `b` belongs into the section `a`.
bool IsOneSection(const EvalOptions& a, const EvalOptions& b) {
  return a.data == b.data && a.view == b.view && a.split == b.split &&
         a.only == b.only;
}

}  // namespace

absl::StatusOr<std::vector<EvalOptions>> PlanSections(
    const EvalLists& lists, const EvalOptions& common) {
  SLUICE_RETURN_IF_ERROR(CheckPairs(lists.codecs, lists.tails));
  SLUICE_ASSIGN_OR_RETURN(const std::vector<Task> tasks,
                          ReadTasks(lists.tails));
  const size_t num_pairs = tasks.size();
  SLUICE_ASSIGN_OR_RETURN(const std::vector<std::filesystem::path> data,
                          Spread("--data", lists.data, common.data, num_pairs));
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<vision::ViewRule> views,
      Spread("--view", lists.views, common.view, num_pairs));
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<std::string> splits,
      SpreadOverSplits("--split", lists.splits, common.split, tasks));
  SLUICE_ASSIGN_OR_RETURN(
      const std::vector<std::string> only,
      SpreadOverSplits("--only", lists.only, common.only, tasks));

  std::vector<EvalOptions> sections;
  bool uses_teacher = false;
  for (size_t i = 0; i < num_pairs; ++i) {
    const bool is_classification = tasks[i] == Task::kClassification;
    if (!is_classification && lists.views.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--view: expected one for ", lists.tails[i].string(),
                       ", a ", WordsOf(tasks[i]).name,
                       ", found none; \"fit:320x320\" shows whole "
                       "pictures"));
    }
    EvalOptions section = common;
    section.data = data[i];
    section.view = views[i];
    section.split = is_classification ? common.split : splits[i];
    section.only = only[i];
    if (!is_classification) section.teacher.reset();
    uses_teacher |= section.teacher.has_value();
    if (sections.empty() || !IsOneSection(sections.back(), section)) {
      sections.push_back(std::move(section));
    }
    sections.back().codecs.push_back(lists.codecs[i]);
    sections.back().tails.push_back(lists.tails[i]);
  }
  if (common.teacher.has_value() && !uses_teacher) {
    return absl::InvalidArgumentError(
        "--teacher: expected a tail for classification, which it is for, "
        "found none");
  }
  return sections;
}

}  // namespace sluice::train
