#include "server/tail_task.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice::server {
namespace {

using model::NamedTensor;

// Sides that the network chooses, the same wherever they stand.
constexpr std::array<const char*, 3> kFreeSides = {"P", "h", "w"};
constexpr int64_t kP = -1;
constexpr int64_t kH = -2;
constexpr int64_t kW = -3;

size_t FreeSideIndex(int64_t side) { return static_cast<size_t>(-side - 1); }

struct ExpectedTensor {
  const char* name;
  std::vector<int64_t> shape;
};

std::vector<ExpectedTensor> ExpectedTensors(TailTask task, int64_t num_samples,
                                            int64_t num_labels) {
  switch (task) {
    case TailTask::kClassification:
      return {{"logits", {num_samples, num_labels}}};
    case TailTask::kDetection:
      return {{"scores", {num_samples, kP, num_labels}},
              {"boxes", {num_samples, kP, 4}}};
    case TailTask::kSegmentation:
      return {{"logits", {num_samples, num_labels, kH, kW}}};
    case TailTask::kTensors:
      break;
  }
  return {};
}

std::string Describe(const ExpectedTensor& tensor) {
  std::vector<std::string> sides;
  for (const int64_t side : tensor.shape) {
    sides.push_back(side < 0 ? kFreeSides[FreeSideIndex(side)]
                             : absl::StrCat(side));
  }
  return absl::StrCat(tensor.name, " [", absl::StrJoin(sides, ","), "]");
}

std::string Describe(const std::vector<ExpectedTensor>& expected) {
  return absl::StrJoin(expected, ", ",
                       [](std::string* out, const ExpectedTensor& tensor) {
                         absl::StrAppend(out, Describe(tensor));
                       });
}

std::string Describe(const std::vector<NamedTensor>& outputs) {
  if (outputs.empty()) return "nothing";
  return absl::StrJoin(
      outputs, ", ", [](std::string* out, const NamedTensor& output) {
        absl::StrAppend(out, output.name, " ",
                        base::ShapeToString(output.tensor.shape));
      });
}

// The values of the free sides as found so far; 0: not yet.
using FoundSides = std::array<int64_t, kFreeSides.size()>;

bool Fits(const std::vector<int64_t>& shape,
          const std::vector<int64_t>& expected, FoundSides* sides) {
  if (shape.size() != expected.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t side = expected[i];
    if (side < 0) {
      int64_t& found = (*sides)[FreeSideIndex(side)];
      if (found == 0) found = shape[i];
      side = found;
    }
    if (shape[i] < 1 || shape[i] != side) return false;
  }
  return true;
}

bool AllFit(const std::vector<NamedTensor>& outputs,
            const std::vector<ExpectedTensor>& expected) {
  FoundSides sides = {};
  return std::equal(outputs.begin(), outputs.end(), expected.begin(),
                    expected.end(),
                    [&](const auto& output, const auto& wanted) {
                      return output.name == wanted.name &&
                             Fits(output.tensor.shape, wanted.shape, &sides);
                    });
}

bool AreRowsOfDistinctNames(const std::vector<NamedTensor>& outputs,
                            int64_t num_samples) {
  for (auto it = outputs.begin(); it != outputs.end(); ++it) {
    const std::vector<int64_t>& shape = it->tensor.shape;
    const bool has_rows = !shape.empty() && shape[0] == num_samples &&
                          *std::min_element(shape.begin(), shape.end()) >= 0;
    const bool is_distinct = std::none_of(
        outputs.begin(), it,
        [&](const NamedTensor& other) { return other.name == it->name; });
    if (!has_rows || !is_distinct || it->name.empty()) return false;
  }
  return !outputs.empty();
}

// The invariant of FloatTensor, which a network could break.
absl::Status CheckNumValues(const std::vector<NamedTensor>& outputs) {
  for (const NamedTensor& output : outputs) {
    const size_t expected = base::NumElements(output.tensor.shape);
    if (output.tensor.values.size() == expected) continue;
    return absl::InternalError(absl::StrCat(
        "made ", output.name, " ", base::ShapeToString(output.tensor.shape),
        " of ", output.tensor.values.size(), " numbers, expected ", expected));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TailTask> ParseTailTask(const std::string& name) {
  if (name == "classification") return TailTask::kClassification;
  if (name == "detection") return TailTask::kDetection;
  if (name == "segmentation") return TailTask::kSegmentation;
  if (name == "tensors") return TailTask::kTensors;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown task \"", name,
                   "\"; expected classification, detection, segmentation or "
                   "tensors"));
}

absl::Status CheckTailOutputs(TailTask task, int64_t num_samples,
                              int64_t num_labels,
                              const std::vector<NamedTensor>& outputs) {
  if (task == TailTask::kTensors) {
    if (!AreRowsOfDistinctNames(outputs, num_samples)) {
      return absl::InternalError(
          absl::StrCat("made ", Describe(outputs), ", expected tensors [",
                       num_samples, ",...] of distinct names, at least one"));
    }
    return CheckNumValues(outputs);
  }
  const std::vector<ExpectedTensor> expected =
      ExpectedTensors(task, num_samples, num_labels);
  if (!AllFit(outputs, expected)) {
    return absl::InternalError(absl::StrCat("made ", Describe(outputs),
                                            ", expected ", Describe(expected)));
  }
  return CheckNumValues(outputs);
}

std::span<const float> RowOf(const base::FloatTensor& tensor, size_t row) {
  const size_t size =
      tensor.values.size() / static_cast<size_t>(tensor.shape[0]);
  return std::span(tensor.values).subspan(row * size, size);
}

}  // namespace sluice::server
