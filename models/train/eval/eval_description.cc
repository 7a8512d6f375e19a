#include "models/train/eval/eval_description.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/vision/geometry.h"
#include "models/train/eval/machine.h"
#include "models/train/eval/operating_points.h"
#include "models/train/pixels/pixel_baseline.h"

namespace sluice::train {
namespace {

// The last part of a path, with or without a slash behind it.
std::string OwnName(const std::filesystem::path& path) {
  const std::filesystem::path normal = path.lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path())
      .filename()
      .string();
}

// "train, 0006R0_*"
std::string SubsetOf(const EvalOptions& options, Task task) {
  std::vector<std::string> parts;
  if (task != Task::kClassification && !options.split.empty()) {
    parts.push_back(options.split);
  }
  if (!options.only.empty()) parts.push_back(options.only + "*");
  return absl::StrJoin(parts, ", ");
}

// `name`, with a number unless it is the first such.
std::string UniqueName(const std::string& name,
                       const std::vector<Method>& methods) {
  const auto is_taken = [&](const std::string& candidate) {
    return std::any_of(methods.begin(), methods.end(),
                       [&](const Method& m) { return m.name == candidate; });
  };
  std::string unique = name;
  for (int i = 2; is_taken(unique); ++i) unique = absl::StrCat(name, " #", i);
  return unique;
}

Method MethodOf(const LearnedPair& pair, const std::vector<Method>& before) {
  Method method;
  method.name = UniqueName(pair.codec().spec().name, before);
  method.learned = true;
  method.encoder = pair.encoder_size();
  method.codec_id = pair.codec().artifact().id;
  method.tail = pair.tail().spec.name;
  method.usual_setting = RateSetting(pair.codec().spec().default_rate);
  return method;
}

// Adds a method and its uncompressed point, and what is wrong with it.
void AddPair(const LearnedPair& pair, Evaluation* evaluation) {
  Method method = MethodOf(pair, evaluation->methods);
  evaluation->uncompressed.push_back(
      {.setting = method.name, .scored_by = "pixel entrance", .outcomes = {}});
  if (!pair.tail_knows_codec()) {
    evaluation->warnings.push_back(absl::StrCat(
        "tail ", method.tail, " was not made for codec id ", method.codec_id));
  }
  evaluation->methods.push_back(std::move(method));
}

}  // namespace

Evaluation DescribeEvaluation(const EvalOptions& options,
                              const std::vector<LearnedPair>& pairs) {
  const LearnedPair& first = pairs.front();
  Evaluation evaluation;
  evaluation.task = first.task();
  evaluation.data = OwnName(options.data);
  evaluation.subset = SubsetOf(options, first.task());
  evaluation.view = vision::ToString(options.view);
  evaluation.command_line = options.command_line;
  evaluation.version = options.version;
  evaluation.machine = MachineDescription();
  if (options.teacher.has_value()) {
    evaluation.teacher = {
        .setting = "uncompressed", .scored_by = "teacher", .outcomes = {}};
  } else if (first.task() != Task::kClassification) {
    evaluation.class_names = first.tail().labels;
  } else if (!options.baselines.empty()) {
    evaluation.warnings.push_back(
        "no teacher was given: pixel codecs count with the pixel entrance "
        "alone");
  }
  for (const LearnedPair& pair : pairs) AddPair(pair, &evaluation);
  for (const PixelCodec codec : options.baselines) {
    Method method;
    method.name = DisplayName(codec);
    evaluation.methods.push_back(std::move(method));
  }
  return evaluation;
}

}  // namespace sluice::train
